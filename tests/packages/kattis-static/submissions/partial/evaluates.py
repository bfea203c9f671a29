a, b = input().split()
print(eval(f"{a} + {b}"))

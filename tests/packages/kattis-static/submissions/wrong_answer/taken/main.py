from check import total
print(total())

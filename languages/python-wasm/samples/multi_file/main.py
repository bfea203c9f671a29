# optimus: verdict=accepted
# optimus: stdin="6\n" expect="6 * 7 = 42\n"
from lib.multiply import multiply

factor = int(open("data.txt").read())
n = int(input())
print(f"{n} * {factor} = {multiply(n, factor)}")

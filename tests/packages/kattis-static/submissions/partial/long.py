# This program is right, but it says much more than it has to, so the check of the sources gives it half.
first, second = input().split()
print(int(first) + int(second))

# optimus: verdict=accepted
# optimus: stdin="naïve 世界 😀\n" expect="naïve 世界 😀 — ok\n"
print(input() + " — ok")

-- optimus: verdict=accepted
-- optimus: stdin="3 4\n" expect="7\n"
-- optimus: stdin="-5 5\n" expect="0\n"
print(string.format("%d", io.read("*n") + io.read("*n")))

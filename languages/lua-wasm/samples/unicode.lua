-- optimus: verdict=accepted
-- optimus: stdin="naïve 世界 😀\n" expect="naïve 世界 😀\n"
io.write(io.read("*a"))

-- optimus: verdict=accepted
-- optimus: stdin="one\ntwo three\n" expect="one\ntwo three\n"
io.write(io.read("*a"))

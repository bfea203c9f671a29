# optimus: verdict=accepted
# optimus: expect="Hello, world!\n"
BEGIN { print "Hello, world!" }

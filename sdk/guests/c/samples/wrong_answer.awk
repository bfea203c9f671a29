# optimus: verdict=wrong_answer
# optimus: expect="Hello, moon!\n"
BEGIN { print "Hello, world!" }

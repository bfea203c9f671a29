# optimus: verdict=compile_error
BEGIN { print "Hello

-- optimus: verdict=accepted
-- optimus: expect="Hello, world!\n"
print("Hello, world!")

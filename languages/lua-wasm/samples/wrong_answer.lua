-- optimus: verdict=wrong_answer
-- optimus: expect="Hello, moon!\n"
print("Hello, world!")

# optimus: verdict=wrong_answer
# optimus: expect="42\n"
print(41)

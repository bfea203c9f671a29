# optimus: verdict=runtime_error
print([1, 2, 3][3])

-- optimus: verdict=compile_error
print("Hello

# optimus: verdict=compile_error
def answer(:
    return 42

# @EXPECTED_RESULTS@: WRONG-ANSWER
def encode(number):
    return ""


def decode(message):
    return 7

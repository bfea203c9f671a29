# @EXPECTED_RESULTS@: PARTIAL
def encode(number):
    return f"{number:032b}"


def decode(message):
    return int(message, 2)

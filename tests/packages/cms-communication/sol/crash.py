# @EXPECTED_RESULTS@: RUN-ERROR
def encode(number):
    return number


def decode(message):
    raise ValueError(message)

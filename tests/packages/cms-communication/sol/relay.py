def encode(number):
    return f"{number:x}"


def decode(message):
    return int(message, 16)

# @EXPECTED_RESULTS@: TIMELIMIT
import time


def encode(number):
    time.sleep(60)


def decode(message):
    return message

# @EXPECTED_RESULTS@: TIMELIMIT
import time


def spin():
    # Each process stays below the limit, and both together do not.
    while time.process_time() < 0.7:
        pass


def encode(number):
    spin()
    return number


def decode(message):
    spin()
    return message

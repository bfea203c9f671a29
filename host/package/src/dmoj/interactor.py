"""Runs a DMOJ grader that talks to the submission: a class `Grader(InteractiveGrader)` with `interact(case, interactor)`.

Called as `INPUT OUTPUT ANSWER`, as testlib's interactors are; the submission is at stdin and stdout. Ends with 0 (right), 1
(wrong) or 7 with `points SHARE` on stderr.
"""
MAX_NUMBER_DIGITS = 10000


class WrongAnswer(BaseException):
    pass


class Interactor:
    def __init__(self):
        self._from, self._to, self._tokens = sys.stdin.buffer, sys.stdout.buffer, None

    def read(self):
        data = self._from.read()
        if not data:
            raise IOError("child stream closed")
        return data

    def readln(self, strip_newline=True):
        line = self._from.readline()
        if not line:
            raise IOError("child stream closed")
        return line.rstrip() if strip_newline else line

    def readtoken(self, delim=None):
        if not self._tokens:
            self._tokens = self.readln()
        parts = self._tokens.split(delim, 1)
        if len(parts) == 2:
            token, self._tokens = parts
        else:
            token, self._tokens = self._tokens, None
        return token

    def _number(self, kind, what, lo, hi, delim):
        token = self.readtoken(delim)
        if len(token) > MAX_NUMBER_DIGITS:
            raise WrongAnswer("%s is too long" % what)
        try:
            number = kind(token)
        except ValueError:
            raise WrongAnswer('expected %s, got "%s"' % (what, utf8text(token[:20], "replace")))
        if not lo <= number <= hi:
            raise WrongAnswer("expected %s in range [%s, %s], got %s" % (what, lo, hi, number))
        return number

    def readint(self, lo=float("-inf"), hi=float("inf"), delim=None):
        return self._number(int, "int", lo, hi, delim)

    def readfloat(self, lo=float("-inf"), hi=float("inf"), delim=None):
        return self._number(float, "float", lo, hi, delim)

    def write(self, value):
        self._to.write(utf8bytes(str(value)))
        self._to.flush()

    def writeln(self, value):
        self.write(str(value) + "\n")

    def close(self):
        self._to.close()


class InteractiveGrader:
    def __init__(self, *args, **kwargs):
        self.feedback = None

    def interact(self, case, interactor):
        raise NotImplementedError


class Case:
    """A test, as far as a conversation looks at it; it is worth 1 point."""

    points, position, batch = 1.0, 1, 0

    def __init__(self, given, answer):
        self._given, self._answer = given, answer
        self.config = {}

    def input_data(self):
        return self._given

    def output_data(self):
        return self._answer

    def free_data(self):
        pass


provide("dmoj.graders")
provide("dmoj.graders.interactive", InteractiveGrader=InteractiveGrader, Interactor=Interactor, WrongAnswer=WrongAnswer)
sys.modules["dmoj.graders"].InteractiveGrader = InteractiveGrader


def main():
    grader = load().Grader()
    interactor = Interactor()
    result, feedback = False, None
    try:
        result = grader.interact(Case(read(sys.argv[1]), read(sys.argv[3])), interactor)
        interactor.close()
    except WrongAnswer as wrong:
        feedback = str(wrong)
    except IOError:
        pass
    if not isinstance(result, CheckerResult):
        result = CheckerResult(bool(result), 1.0 if result else 0.0, feedback)
    share = min(max(result.points, 0.0), 1.0)
    message = (result.feedback or "").replace("\n", " ")
    if result.passed and share < 1.0:
        sys.stderr.write("points %s %s\n" % (share, message))
        sys.stderr.flush()
        sys.exit(7)
    sys.stderr.write(message)
    sys.exit(0 if result.passed else 1)


main()

"""Runs a DMOJ checker: a module with `check(process_output, judge_output, ...)`, which returns a bool or a CheckerResult.

Called as `INPUT ANSWER OUTPUT OPTIONS POINTS POSITION BATCH`; prints the share of the points on stdout and the feedback on
stderr, as checkers of CMS do. Without the three files it is called as checkers of SYZOJ are, which find `input`, `answer`,
`user_out` and the submission's `code` beside them and print a share of 100.
"""


def standard(process_output, judge_output, **kwargs):
    return process_output.split() == judge_output.split()


provide("dmoj.checkers")
provide("dmoj.checkers._checker", standard=lambda expected, actual: standard(actual, expected))
provide("dmoj.checkers.standard", check=standard)


def main():
    module = load()
    *paths, options, points, position, batch = sys.argv[1:]
    given, answer, output = map(read, paths or ["input", "answer", "user_out"])
    code = b"" if paths else read("code")
    options, points = json.loads(options), float(points)
    try:
        result = module.check(
            output,
            answer,
            submission_source=code,
            judge_input=given,
            point_value=points,
            case_position=int(position),
            batch=int(batch),
            submission_language="",
            binary_data=False,
            execution_time=0.0,
            problem_id="",
            result=None,
            **options,
        )
    except UnicodeDecodeError:
        result = CheckerResult(False, 0, feedback="invalid unicode")
    if not isinstance(result, CheckerResult):
        result = CheckerResult(bool(result), points if result else 0.0)
    share = 1.0 if points <= 0 and result.passed else (result.points / points if points > 0 else 0.0)
    sys.stderr.write(result.feedback or "")
    print(min(max(share, 0.0), 1.0) * (1 if paths else 100))


main()

"""What DMOJ's judge reads from packages: one JSON object on stdout, by the packages' names.

Of the judge only what reads packages runs, out of its source archive: all else of it needs a compiler and libseccomp.
"""
import json
import os
import pathlib
import shutil
import sys
import tarfile
import types

packages, source = sys.argv[1:3]


def provide(name, **contents):
    module = types.ModuleType(name)
    module.__dict__.update(contents)
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)


class Checkers:
    """Each of the judge's checkers, which says its own name."""

    def __getattr__(self, name):
        return types.SimpleNamespace(check=lambda **args: [name, args.get("precision")])


provide("dmoj", checkers=Checkers())
provide("dmoj.judgeenv", env={}, get_problem_root=lambda name: os.path.join(packages, name))
provide("dmoj.utils")
provide("dmoj.utils.helper_files", compile_with_auxiliary_files=None, parse_helper_file_error=None)
provide("dmoj.utils.module", load_module_from_file=None)
with tarfile.open(source) as archive:
    for wanted in ("config", "problem"):
        member = next(name for name in archive.getnames() if name.endswith(f"/dmoj/{wanted}.py"))
        text = archive.extractfile(member).read().decode()
        provide(f"dmoj.{wanted}")
        exec(compile(text, member, "exec"), sys.modules[f"dmoj.{wanted}"].__dict__)
from dmoj.problem import BatchedTestCase, Problem, TestCase


def described(name):
    path = pathlib.Path(packages, name)
    if (path / "archive").is_dir():
        shutil.make_archive(path / "data", "zip", path / "archive")
        shutil.rmtree(path / "archive")
    problem = Problem(name, 1, 1, {})
    groups, data, checkers, batch = [], [], [], 0

    def test(config, batch):
        case = TestCase(len(data) + 1, batch, config, problem)
        data.append([case.input_data().decode(), case.output_data().decode()])
        checkers.append(case.checker()())

    for config in problem.config["test_cases"]:
        if config.raw_config.get("batched"):
            batch += 1
            members = list(config["batched"])
            own = BatchedTestCase(batch, config, problem, members)
            groups.append([float(own.points), len(members), list(own.dependencies)])
            for member in members:
                test(member, batch)
        else:
            groups.append([float(config.points), 1, []])
            test(config, None)
    return {
        "order and data": data,
        "groups": groups,
        "limits": [problem.config.output_limit_length],
        "checker": checkers[0],
    }


print(json.dumps({path.name: described(path.name) for path in sorted(pathlib.Path(packages).iterdir())}))

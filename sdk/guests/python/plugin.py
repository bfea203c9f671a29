"""Perl, planned by Python. CPython is in the component; the contract's types are dataclasses."""

import json
import re

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import types as t

IMAGE = "optimus/perl:5"
REMARK = re.compile(r"^(.+) at (\S+) line (\d+)[.,]", re.MULTILINE)
# No wishes: the job's limits are this language's.
NO_LIMITS = t.StepLimits(*[None] * 8)
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"warnings": {"type": "boolean", "default": False, "description": "-w"}},
}


class Language(exports.Language):
    def describe(self):
        return t.Descriptor(
            id="perl-py",
            name="Perl (planned by Python)",
            version="1.0.0",
            aliases=[],
            extensions=["pl", "pm"],
            images=[IMAGE],
            probe=["perl", "--version"],
            install_hint="apt-get install perl",
            time_multiplier=1.0,
            memory_multiplier=1.0,
            minimum=NO_LIMITS,
            options_schema=json.dumps(SCHEMA),
            judge0_ids=[],
            piston_names=[],
            samples=[t.Sample("hello", "main.pl", 'print "Hello, world!\\n";\n', "Hello, world!\n")],
            ext=[],
        )

    def plan(self, request):
        flags = ["-w"] if wants_warnings(request.options) else []
        main = arg(request.entry or first(request.files))
        return t.Plan(
            image=IMAGE,
            compile=[step("check", ["perl", "-c", *flags, main])],
            run=step("run", ["perl", *flags, main, *request.args]),
            comparer=None,
            ext=[],
        )


class Classify(exports.Classify):
    def diagnostics(self, outcome):
        said = outcome.stderr_tail.decode(errors="replace")
        return [
            t.Diagnostic(path.removeprefix("./"), int(line), 0, "error", message, None)
            for message, path, line in REMARK.findall(said)
        ]

    def refine(self, outcome):
        refused = outcome.exit_code != 0 and b"Out of memory" in outcome.stderr_tail
        return "memory_limit_exceeded" if refused else None


def wants_warnings(text):
    options = json.loads(text)
    warnings = options.pop("warnings", False)
    for name in options:
        raise Err(t.Error_BadOptions(f"unknown option `{name}`: there is `warnings`"))
    if not isinstance(warnings, bool):
        raise Err(t.Error_BadOptions("`warnings` has to be true or false"))
    return warnings


def first(files):
    if not files:
        raise Err(t.Error_BadSource("the job has no file to start with"))
    return files[0].path


def step(name, argv):
    # Perl does not look for a job's other files beside the first by itself.
    return t.Step(name, argv, [t.EnvVar("PERL5LIB", ".")], [], [], NO_LIMITS, [])


def arg(path):
    """A path that no program takes for an option."""
    return f"./{path}" if path.startswith("-") else path

"""Forbids a word, and gives half of the points to a program above 120 bytes."""
import pathlib
import sys

language, entry_point, feedback, _, forbidden = sys.argv[1:]
entry = pathlib.Path(entry_point)
if language not in ("python3", "cpp") or not entry.is_file():
    sys.exit(1)
source = entry.read_text()
if forbidden in source:
    pathlib.Path(feedback + "judgemessage.txt").write_text(f"{entry} uses {forbidden}\n")
    sys.exit(43)
if len(source) > 120:
    pathlib.Path(feedback + "score_multiplier.txt").write_text("0.5\n")
sys.exit(42)

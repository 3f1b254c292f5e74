#!/usr/bin/env python3
"""Names the lines of code and comments that are longer than 120 columns, and ends with status 1 if there are any.

    scripts/check_columns.py [FILE or FOLDER …]

Without names it looks at all sources, tests and scripts. A line of a Swift string may be longer, as for swift-format:
lines inside multi-line literals, where a line break would change the text, and lines that hold nothing but one literal.
Python's standard library only.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = 120
ENDINGS = {".swift", ".c", ".cpp", ".h", ".hpp", ".py", ".sh"}
EVERYTHING = ["Sources", "Tests", "scripts", "Package.swift", "Makefile"]


def end_of_literal(line, start):
    """Where the Swift string literal that opens at `start` ends; None where none opens, or it does not end."""
    hashes = len(line[start:]) - len(line[start:].lstrip("#"))
    place = start + hashes
    if line[place:place + 1] != '"':
        return None
    closing, escape = '"' + "#" * hashes, "\\" + "#" * hashes
    place += 1
    while place < len(line):
        if line.startswith(escape + "(", place):
            # An interpolation is code: brackets are counted, and literals in it passed over.
            depth, place = 1, place + len(escape) + 1
            while depth and place < len(line):
                inner = end_of_literal(line, place)
                depth += {"(": 1, ")": -1}.get(line[place], 0) if inner is None else 0
                place = place + 1 if inner is None else inner
        elif line.startswith(escape, place):
            place += len(escape) + 1
        elif line.startswith(closing, place):
            return place + len(closing)
        else:
            place += 1
    return None


def is_one_literal(line):
    """Whether a line of Swift holds one literal alone, but for an operator before it and brackets behind it."""
    start = re.match(r"\s*(?:(?:==|[+:]) )?", line).end()
    end = end_of_literal(line, start)
    return end is not None and not line[end:].strip(")],; ")


def long_lines(text, is_swift):
    """The numbers and lengths of the lines that are too long."""
    in_literal = False
    for number, line in enumerate(text.splitlines(), 1):
        was_in_literal = in_literal
        if is_swift and line.count('"""') % 2 == 1:
            in_literal = not in_literal
        if len(line) > COLUMNS and not was_in_literal and not (is_swift and is_one_literal(line)):
            yield number, len(line)


def files(paths):
    for path in paths:
        if path.is_dir():
            yield from (file for file in sorted(path.rglob("*")) if file.suffix in ENDINGS)
        else:
            yield path


def main(arguments):
    paths = [Path(argument) for argument in arguments] or [ROOT / name for name in EVERYTHING]
    count = 0
    for file in files(paths):
        for number, length in long_lines(file.read_text(encoding="utf-8"), file.suffix == ".swift"):
            print(f"{file}:{number}: {length} columns, expected at most {COLUMNS}")
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/env python3
"""Saves what a build of patron gives as files, and shows the difference of two such folders: for changes that must not
change results.

    scripts/saved_outputs.py save FOLDER [--patron .build/release/patron] [--data ../shared/data/dev]
    scripts/saved_outputs.py diff OLD NEW

Saved are the help of every command, the records of the examples and of 20 development rows (10 articles and 10
statements; without version, times and the hashes that follow from them), and the evaluations of these records. Python's
standard library only.
"""

import argparse
import difflib
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROWS = 10
# Members of a record that differ from run to run or from build to build.
CLOCK = {"seconds", "prefill_seconds", "decode_seconds", "patron", "version"}


def output(command, folder, statuses=(0,)):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode not in statuses:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def save_help(patron, folder, words=()):
    """The help of a command and of all commands below it."""
    text = output([patron, *words, "--help"], ROOT)
    (folder / ("-".join(("patron",) + words) + ".txt")).write_text(text)
    _, _, commands = text.partition("\nSUBCOMMANDS:\n")
    for line in commands.splitlines():
        # Names stand at two spaces, the lines that continue a description further in. The last line says how to get
        # help.
        if line.startswith("  ") and not line.startswith("   ") and not line.startswith("  See "):
            save_help(patron, folder, words + (line.split()[0],))


def without_clock(value):
    if isinstance(value, dict):
        return {key: without_clock(member) for key, member in value.items() if key not in CLOCK}
    return [without_clock(member) for member in value] if isinstance(value, list) else value


def save_records(text, path):
    """A record a line becomes indented JSON, so that a difference shows the member that differs."""
    records = [without_clock(json.loads(line)) for line in text.splitlines()]
    path.write_text("".join(json.dumps(record, indent=1, ensure_ascii=False) + "\n" for record in records))


def rows(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()][:ROWS]


def save(folder, patron, data):
    if folder.exists():
        sys.exit(f"{folder} is there already; give a new folder")
    for name in ("help", "examples", "dev", "work/articles"):
        (folder / name).mkdir(parents=True)
    save_help(patron, folder / "help")
    for example in sorted((ROOT / "Examples").glob("*.md")):
        for form in ("jsonl", "csv", "text"):
            text = output([patron, "extract", "--quiet", f"Examples/{example.name}", "--format", form], ROOT)
            if form == "jsonl":
                save_records(text, folder / "examples" / f"{example.stem}.json")
            else:
                (folder / "examples" / f"{example.stem}.{form}").write_text(text)

    work = folder / "work"
    with open(work / "gold-statements.jsonl", "w", encoding="utf-8") as gold:
        for number, row in enumerate(rows(data / "extract.jsonl")):
            (work / "articles" / f"{number:02}.md").write_text(row["article"], encoding="utf-8")
            gold.write(json.dumps({"id": f"{number:02}", "statements": row["statements"]}) + "\n")
    with open(work / "gold-funders.jsonl", "w", encoding="utf-8") as gold:
        for row in rows(data / "parse.jsonl"):
            gold.write(json.dumps({key: row[key] for key in ("id", "statement", "funders")}) + "\n")
    for task, stage, source in (("statements", "statements", "articles"), ("funders", "parse", "gold-funders.jsonl")):
        records = work / f"{task}.jsonl"
        output(
            [patron, "extract", "--quiet", source, "--stage", stage, "--format", "jsonl", "-o", records.resolve()],
            work)
        save_records(records.read_text(encoding="utf-8"), folder / "dev" / f"{task}.json")
        for form in ("json", "table"):
            evaluation = output(
                [patron, "evaluate", "--task", task, "--predictions", records.name,
                 "--gold", f"gold-{task}.jsonl", "--format", form],
                work)
            (folder / "dev" / f"{task}-evaluation.{form}").write_text(evaluation)


def diff(old, new):
    def files(folder):
        names = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
        return {str(name) for name in names if name.parts[0] != "work"}

    differing = 0
    for name in sorted(files(old) | files(new)):
        before, after = (
            (folder / name).read_text().splitlines() if (folder / name).exists() else [] for folder in (old, new))
        lines = list(difflib.unified_diff(before, after, f"old/{name}", f"new/{name}", lineterm="", n=1))
        differing += bool(lines)
        print("\n".join(lines), end="\n" if lines else "")
    print(f"{differing} files differ", file=sys.stderr)
    return 1 if differing else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    saving = commands.add_parser("save")
    saving.add_argument("folder", type=Path)
    saving.add_argument("--patron", type=Path, default=ROOT / ".build/release/patron")
    saving.add_argument("--data", type=Path, default=ROOT.parent / "shared/data/dev")
    comparing = commands.add_parser("diff")
    comparing.add_argument("old", type=Path)
    comparing.add_argument("new", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "save":
        save(arguments.folder.resolve(), arguments.patron.resolve(), arguments.data.resolve())
        return 0
    return diff(arguments.old, arguments.new)


if __name__ == "__main__":
    sys.exit(main())

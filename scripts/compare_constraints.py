#!/usr/bin/env python3
"""The constraint modes side by side on annotated data: what parses, what is verbatim, the scores, the speed.

    scripts/compare_constraints.py DATA [options] [-- patron extract options …]

DATA is a folder with extract.jsonl (id, article, statements) and parse.jsonl (id, statement, funders), such as dev/ of
the annotated data. What follows `--` goes to every run: --model, --adapter, --statement-edges and so on. Speed is end
to end: let nothing else run meanwhile. Python's standard library only.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TASKS = ("statements", "funders")
HEADS = {
    "statements": ["parse", "verbatim", "P", "R", "F1"],
    "funders": ["parse", "ids verbatim", "funder F0.5", "id F0.5", "scheme F0.5", "title F0.5"],
}
SPEED_HEADS = ["at limit", "seconds", "tok/s decode", "tok/s end to end"]


def read_rows(path, limit=None):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()][:limit]


def write_rows(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


# Input


def write_statements_input(data, output, shares, limit):
    """The articles, dealt out to the shares, and their gold statements."""
    gold = []
    for number, row in enumerate(read_rows(data / "extract.jsonl", limit)):
        # Ids may hold what file names cannot.
        name = f"{number:05d}"
        folder = shares[number % len(shares)] / "articles"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.md").write_text(row["article"], encoding="utf-8")
        gold.append({"id": name, "article": row["article"], "statements": row["statements"]})
    write_rows(output / "gold-statements.jsonl", gold)


def write_funders_input(data, output, shares, limit):
    """The statements, dealt out to the shares, and their gold funders."""
    rows = read_rows(data / "parse.jsonl", limit)
    gold = [{key: row[key] for key in ("id", "statement", "funders")} for row in rows]
    write_rows(output / "gold-funders.jsonl", gold)
    for place, share in enumerate(shares):
        if gold[place :: len(shares)]:
            write_rows(share / "statements.jsonl", gold[place :: len(shares)])


# Runs


def extract(patron, task, shares, name, mode_options, options):
    """Runs one program for each share, side by side; their records, one share after the other, are the run's.

    Gives the records' lines and the worst exit status.
    """
    stage, source = ("statements", "articles") if task == "statements" else ("parse", "statements.jsonl")
    threads = max((os.cpu_count() or 1) // len(shares), 1)
    processes = []
    for share in shares:
        # More shares than rows leave some without input.
        if (share / source).exists():
            command = [patron, "extract", share / source, "--stage", stage, "--threads", str(threads), *mode_options]
            command += [*options, "--format", "jsonl", "--output", share / f"{name}-{task}.jsonl"]
            processes.append((share, subprocess.Popen(command)))
    status = max([process.wait() for _, process in processes], key=abs, default=0)
    records = [(share / f"{name}-{task}.jsonl") for share, _ in processes]
    return "".join(path.read_text(encoding="utf-8") for path in records if path.exists()), status


def evaluate(patron, task, predictions, gold, scores):
    command = [patron, "evaluate", "--task", task, "--predictions", predictions, "--gold", gold, "--format", "json"]
    with open(scores, "w", encoding="utf-8") as file:
        return subprocess.run(command, stdout=file).returncode


# Figures


def is_list_of_strings(value):
    return isinstance(value, list) and all(isinstance(element, str) for element in value)


def is_statements(value):
    return isinstance(value, dict) and list(value) == ["statements"] and is_list_of_strings(value["statements"])


def is_award(value):
    return (
        isinstance(value, dict)
        and list(value) == ["award_ids", "funding_scheme", "award_title"]
        and all(map(is_list_of_strings, value.values()))
    )


def is_funder(value):
    return (
        isinstance(value, dict)
        and list(value) == ["funder_name", "awards"]
        and (value["funder_name"] is None or isinstance(value["funder_name"], str))
        and isinstance(value["awards"], list)
        and all(map(is_award, value["awards"]))
    )


def parses(output, task):
    """Whether an output is JSON of the stage's shape."""
    try:
        value = json.loads(output)
    except ValueError:
        return False
    if task == "statements":
        return is_statements(value)
    return isinstance(value, list) and all(map(is_funder, value))


def percentage(part, whole):
    return f"{100 * part / whole:.1f} %" if whole else "–"


def verbatim_share(records, task):
    """The share of the statements, or of the award ids, that stand in the text."""
    if task == "statements":
        places = [statement["status"] != "unverified" for record in records for statement in record["statements"]]
    else:
        places = [
            place is not None
            for record in records
            for funder in record["funders"]
            for award in funder["evidence"]["awards"]
            for place in award["award_ids"]
        ]
    return percentage(sum(places), len(places))


def score_figures(scores, task):
    if task == "statements":
        return [f"{scores['one_to_one'][key]:.3f}" for key in ("precision", "recall", "f1")]
    return [f"{scores['balanced'][level]['f0_5']:.3f}" for level in ("funder", "award_id", "scheme", "title")]


def figures(records, scores, task):
    """One row of the table, after the mode."""
    records = [record for record in records if "error" not in record]
    calls = [call for record in records for call in record["calls"]]
    new = sum(call["new_tokens"] for call in calls)
    decode = sum(call["decode_seconds"] for call in calls)
    seconds = decode + sum(call["prefill_seconds"] for call in calls)
    closed = sum(call.get("closed_at_limit", False) or call["finish_reason"] == "length" for call in calls)
    return [
        percentage(sum(parses(call["output"], task) for call in calls), len(calls)),
        verbatim_share(records, task),
        *score_figures(scores, task),
        str(closed),
        f"{sum(record['seconds'] for record in records):.0f}",
        f"{new / decode:.1f}" if decode else "–",
        f"{new / seconds:.1f}" if seconds else "–",
    ]


def table(task, rows):
    head = ["mode", *HEADS[task], *SPEED_HEADS]
    lines = [f"\n{task}\n", "| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


# Command line


def parse_arguments(arguments):
    own, options = arguments, []
    if "--" in arguments:
        place = arguments.index("--")
        own, options = arguments[:place], arguments[place + 1 :]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("--limit", type=int, metavar="N", help="only so many articles and statements")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS, help="what to compare (default: both)")
    parser.add_argument(
        "--jobs", type=int, default=1, metavar="N",
        help="so many programs side by side, each with its share of the input and of the cores")
    parser.add_argument(
        "--modes", nargs="+", default=["none", "json", "verbatim"], metavar="MODE",
        help="modes to run (default: none json verbatim); one may bring an option along: verbatim:--verbatim=ids")
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER",
        help="where records and figures are kept: a new or empty folder (default: a temporary one)")
    parser.add_argument(
        "--patron", type=Path, default=ROOT / ".build/release/patron", metavar="FILE",
        help="the program (default: .build/release/patron)")
    chosen = parser.parse_args(own)
    if chosen.jobs < 1 or (chosen.limit is not None and chosen.limit < 1):
        parser.error("--jobs and --limit must be 1 or more")
    if not os.access(chosen.patron, os.X_OK):
        parser.error(f"{chosen.patron} is not there; `make build` makes it")
    if chosen.output and chosen.output.exists() and any(chosen.output.iterdir()):
        parser.error(f"{chosen.output} holds files that would be mixed with the new ones; choose another folder")
    chosen.patron = chosen.patron.resolve()
    return chosen, options


def main(arguments):
    chosen, options = parse_arguments(arguments)
    output = chosen.output or Path(tempfile.mkdtemp())
    shares = [output / f"share-{job}" for job in range(chosen.jobs)]
    for share in shares:
        share.mkdir(parents=True)
    for task, write in zip(TASKS, (write_statements_input, write_funders_input)):
        if task in chosen.tasks:
            write(chosen.data, output, shares, chosen.limit)

    status = 0
    rows = {task: [] for task in chosen.tasks}
    for entry in chosen.modes:
        mode, _, extra = entry.partition(":")
        name = re.sub(r"[^A-Za-z0-9]", "-", entry)
        print(f"== {entry}", file=sys.stderr, flush=True)
        for task in chosen.tasks:
            predictions, gold, scores = (
                output / file for file in (f"{name}-{task}.jsonl", f"gold-{task}.jsonl", f"{name}-{task}-scores.json"))
            mode_options = ["--constrain", mode, *([extra] if extra else [])]
            lines, extracted = extract(chosen.patron, task, shares, name, mode_options, options)
            predictions.write_text(lines, encoding="utf-8")
            evaluated = evaluate(chosen.patron, task, predictions, gold, scores)
            status = status or extracted or evaluated
            try:
                row = figures(read_rows(predictions), json.loads(scores.read_text(encoding="utf-8")), task)
            except ValueError:
                sys.exit(f"{entry}: the evaluation of the {task} gave no figures; its files are in {output}")
            rows[task].append([entry, *row])
    for task, lines in rows.items():
        print(table(task, lines))
    print(f"records and scores: {output}", file=sys.stderr)
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

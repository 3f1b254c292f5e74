#!/usr/bin/env bash
# The constraint modes side by side on annotated data: what parses, what is verbatim, the scores, the speed.
#
#   scripts/compare_constraints.sh DATA [patron extract options …]
#
# DATA is a folder with extract.jsonl (id, article, statements) and parse.jsonl (id, statement, funders), such as dev/ of the
# annotated data. The options go to every run: --model, --adapter, --statement-edges and so on. Speed is end to end: let
# nothing else run meanwhile.
#
#   LIMIT=20       only so many articles and statements
#   TASKS="…"      what to compare, default "statements funders"
#   JOBS=2         so many programs side by side, each with its share of the input and of the cores
#   MODES="…"      modes to run, default "none json verbatim"; one may bring options along: "verbatim:--verbatim=ids"
#   OUTPUT=DIR     where records and figures are kept (default: a temporary folder)
#   PATRON=FILE    the program (default .build/release/patron)
set -euo pipefail
cd "$(dirname "$0")/.."
data=${1:?usage: scripts/compare_constraints.sh DATA [patron extract options …]}
shift
patron=${PATRON:-.build/release/patron}
modes=${MODES:-none json verbatim}
output=${OUTPUT:-$(mktemp -d)}
tasks=${TASKS:-statements funders}
jobs=${JOBS:-1}
threads=$(($(nproc) / jobs > 0 ? $(nproc) / jobs : 1))
mkdir -p "$output"
[ -x "$patron" ] || { echo "$patron is not there; \`make build\` makes it" >&2; exit 2; }

python3 - "$data" "$output" "${LIMIT:-0}" "$jobs" <<'PYTHON'
import json, pathlib, sys
data, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
limit, jobs = int(sys.argv[3]), int(sys.argv[4])
def rows(name):
    lines = (data / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()][: limit or None]
shares = [output / f"share-{job}" for job in range(jobs)]
for share in shares:
    (share / "articles").mkdir(parents=True, exist_ok=True)
    (share / "statements.jsonl").write_text("")
with open(output / "gold-statements.jsonl", "w", encoding="utf-8") as gold:
    for number, row in enumerate(rows("extract.jsonl")):
        # Ids may hold what file names cannot.
        name = f"{number:05d}"
        (shares[number % jobs] / "articles" / f"{name}.md").write_text(row["article"], encoding="utf-8")
        gold.write(json.dumps({"id": name, "article": row["article"], "statements": row["statements"]}) + "\n")
with open(output / "gold-funders.jsonl", "w", encoding="utf-8") as gold:
    for number, row in enumerate(rows("parse.jsonl")):
        line = json.dumps({k: row[k] for k in ("id", "statement", "funders")}) + "\n"
        gold.write(line)
        with open(shares[number % jobs] / "statements.jsonl", "a", encoding="utf-8") as share:
            share.write(line)
PYTHON

status=0
# extract TASK STAGE INPUT OPTIONS…: every share's INPUT at once; their records, one share after the other, are the run's
extract() {
  local task=$1 stage=$2 input=$3 job pids=()
  shift 3
  for ((job = 0; job < jobs; job++)); do
    "$patron" extract "$output/share-$job/$input" --stage "$stage" --threads "$threads" "$@" \
      --format jsonl --output "$output/share-$job/$name-$task.jsonl" &
    pids+=($!)
  done
  for job in "${pids[@]}"; do wait "$job" || status=$?; done
  cat "$output"/share-*/"$name-$task.jsonl" >"$output/$name-$task.jsonl"
}
for entry in $modes; do
  mode=${entry%%:*}
  extra=()
  [ "$entry" = "$mode" ] || extra=("${entry#*:}")
  name=$(printf '%s' "$entry" | tr -c 'A-Za-z0-9\n' '-')
  echo "== $entry" >&2
  for task in $tasks; do
    if [ "$task" = statements ]; then stage=statements input=articles; else stage=parse input=statements.jsonl; fi
    extract "$task" "$stage" "$input" --constrain "$mode" "${extra[@]}" "$@"
    "$patron" evaluate --task "$task" --predictions "$output/$name-$task.jsonl" --gold "$output/gold-$task.jsonl" \
      --format json >"$output/$name-$task-scores.json" || status=$?
  done
done

MODES="$modes" TASKS="$tasks" python3 - "$output" <<'PYTHON'
import json, os, pathlib, re, sys
output = pathlib.Path(sys.argv[1])

def is_funders(value):
    def strings(x): return isinstance(x, list) and all(isinstance(s, str) for s in x)
    return isinstance(value, list) and all(
        isinstance(f, dict) and list(f) == ["funder_name", "awards"]
        and (f["funder_name"] is None or isinstance(f["funder_name"], str)) and isinstance(f["awards"], list)
        and all(isinstance(a, dict) and list(a) == ["award_ids", "funding_scheme", "award_title"]
                and all(strings(v) for v in a.values()) for a in f["awards"])
        for f in value)

def is_statements(value):
    return isinstance(value, dict) and list(value) == ["statements"] and isinstance(value["statements"], list) \
        and all(isinstance(s, str) for s in value["statements"])

def share(part, whole): return f"{100 * part / whole:.1f} %" if whole else "–"

def figures(name, task):
    records = [json.loads(line) for line in open(output / f"{name}-{task}.jsonl", encoding="utf-8")]
    records = [r for r in records if "error" not in r]
    calls = [c for r in records for c in r["calls"]]
    parsed = 0
    for call in calls:
        try: parsed += (is_statements if task == "statements" else is_funders)(json.loads(call["output"]))
        except ValueError: pass
    seconds = sum(c["prefill_seconds"] + c["decode_seconds"] for c in calls)
    new = sum(c["new_tokens"] for c in calls)
    decode = sum(c["decode_seconds"] for c in calls)
    row = [share(parsed, len(calls))]
    if task == "statements":
        statements = [s for r in records for s in r["statements"]]
        row.append(share(sum(s["status"] != "unverified" for s in statements), len(statements)))
    else:
        found, ids = 0, 0
        for r in records:
            for funder in r["funders"]:
                for award in funder["evidence"]["awards"]:
                    ids += len(award["award_ids"])
                    found += sum(place is not None for place in award["award_ids"])
        row.append(share(found, ids))
    scores = json.load(open(output / f"{name}-{task}-scores.json"))
    if task == "statements":
        one = scores["one_to_one"]
        row += [f"{one[k]:.3f}" for k in ("precision", "recall", "f1")]
    else:
        balanced = scores["balanced"]
        row += [f"{balanced[level]['f0_5']:.3f}" for level in ("funder", "award_id", "scheme", "title")]
    closed = sum(c.get("closed_at_limit", False) or c["finish_reason"] == "length" for c in calls)
    row += [str(closed), f"{sum(r['seconds'] for r in records):.0f}", f"{new / decode:.1f}" if decode else "–",
            f"{new / seconds:.1f}" if seconds else "–"]
    return row

names = {e: re.sub(r"[^A-Za-z0-9]", "-", e) for e in os.environ["MODES"].split()}
heads = {"statements": ["parse", "verbatim", "P", "R", "F1"],
         "funders": ["parse", "ids verbatim", "funder F0.5", "id F0.5", "scheme F0.5", "title F0.5"]}
for task in os.environ["TASKS"].split():
    head = ["mode"] + heads[task] + ["at limit", "seconds", "tok/s decode", "tok/s end to end"]
    print(f"\n{task}\n\n| " + " | ".join(head) + " |\n| --- |" + " ---: |" * (len(head) - 1))
    for entry, name in names.items():
        print("| " + " | ".join([entry] + figures(name, task)) + " |")
PYTHON
echo "records and scores: $output" >&2
exit $status

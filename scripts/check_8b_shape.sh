#!/usr/bin/env bash
# What the shape of Llama-3.1-8B with random weights needs on this machine: the time from start to the first token of a
# short prompt, and both stages on the long example with the peak of resident memory. Needs 17 GB of disk and 20 GB of
# memory, and on two cores three quarters of an hour. Random weights write nonsense, so outputs are cut short and kept
# whatever their probability.
#
#   scripts/check_8b_shape.sh [FOLDER OF LLAMA 3'S tokenizer.json]     default: ../shared/vectors/llama3_tokenizer
set -euo pipefail
cd "$(dirname "$0")/.."
model=${MODEL_FOLDER:-$PWD/.deps/peers/llama-3.1-8b}
tokenizer=${1:-../shared/vectors/llama3_tokenizer}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ ! -e "$model/tokenizer.json" ]; then
  mkdir -p "$(dirname "$model")"
  python3 scripts/make_random_model.py "$model" --shape llama-3.1-8b --tokenizer "$tokenizer"
fi
make -s build >&2
patron=.build/release/patron

echo "== first token after a prompt of 16 tokens, from the start of the program"
echo "   (the first time the file may be on disk)"
for run in 1 2 3; do
  start=$(date +%s.%N)
  echo '[128000, 5618, 264, 574, 315, 279, 1917, 374, 13, 358, 1097, 264, 2678, 8415, 389, 13]' |
    "$patron" logits --model "$model" -o "$work/logits-$run.safetensors"
  printf '%s %s\n' "$start" "$(date +%s.%N)" | awk '{ printf "%.1f s\n", $2 - $1 }'
done

echo "== both stages on Examples/long-review.md"
/usr/bin/time -v "$patron" extract Examples/long-review.md --model "$model" --verbose \
  --statement-tokens 24 --funder-tokens 24 \
  --least-statement-probability 0 --format json -o "$work/record.json" 2>&1 |
  grep -E "patron|Maximum resident|Elapsed|Exit status"
python3 - "$work/record.json" <<'PYTHON'
import json, sys
[record] = json.load(open(sys.argv[1]))
for call in record["calls"]:
    print({
        key: value for key, value in call.items()
        if not isinstance(value, (str, list, dict)) or len(str(value)) < 60})
print(len(record["statements"]), "statements,", len(record["funders"]), "funders")
PYTHON

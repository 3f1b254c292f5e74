#!/usr/bin/env bash
# The same extraction by several programs on this machine, one after the other. Let nothing else run.
#
#   scripts/bench_engine.sh builds OLD      all development articles and statements: another build of patron and this
#                                           one, in turns
#   scripts/bench_engine.sh transformers    transformers + PEFT, one request at a time: 20 statements, 5 articles
#   scripts/bench_engine.sh llama.cpp       llama.cpp's server: 16 slots, continuous batching, BF16 and Q8_0
#
# What follows, such as --options '--weights int8', goes to scripts/bench_engine.py.
#
#   PATRON=.build/release/patron    this build
#   ADAPTER=Models/smollm2-135m/sft, DATA=../shared/data/dev
#   ARTICLES=N STATEMENTS=N         only the first rows
#   RUNS=3                          of each program; the tables have the medians
#   LLAMA_SERVER=path               a llama-server built for this processor (default: that of PyPI's xllamacpp, which is
#                                   built for any)
#
# Everything that is run stands on standard error, and what it wrote in .deps/peers/engine. The peers are fetched at the
# first run.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:?builds, transformers or llama.cpp}
shift
work=$PWD/.deps/peers/engine
mkdir -p "$work"
python=python3
if [ "$what" != builds ]; then
  python=${PEER_PYTHON:-$(scripts/peer_python.sh)}
fi
if [ -z "${PATRON:-}" ]; then
  make -s build >&2
fi
exec "$python" scripts/bench_engine.py "$what" "$@" --patron "${PATRON:-.build/release/patron}" --work "$work" \
  --adapter "${ADAPTER:-Models/smollm2-135m/sft}" --data "${DATA:-../shared/data/dev}" --runs "${RUNS:-3}" \
  ${ARTICLES:+--articles "$ARTICLES"} ${STATEMENTS:+--statements "$STATEMENTS"} \
  ${LLAMA_SERVER:+--llama-server "$LLAMA_SERVER"}

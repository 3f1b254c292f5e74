#!/usr/bin/env bash
# Prints the Python that has the programs which the bench and check scripts compare with, pinned; makes it in
# .deps/peers at the first run, and anew when the versions below change.
set -euo pipefail
cd "$(dirname "$0")/.."
packages="torch==2.11.0 transformers==5.24.0 peft==0.21.2 gguf==0.19.0 numpy cmake ninja scikit-build-core"
venv=$PWD/.deps/peers/venv
if [ "$(cat "$venv/packages" 2>/dev/null)" != "$packages" ]; then
  echo "installing $packages into .deps/peers" >&2
  python3 -m venv --clear "$venv"
  # shellcheck disable=SC2086  # a list of words
  "$venv/bin/pip" install -q $packages >&2
  echo "$packages" >"$venv/packages"
fi
echo "$venv/bin/python"

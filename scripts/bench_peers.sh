#!/usr/bin/env bash
# Patron beside transformers and llama.cpp: same machine, same shapes, one after the other. Let nothing else run.
#
#   scripts/bench_peers.sh                 SmolLM2-135M
#   SHAPE=llama-3.1-8b scripts/bench_peers.sh     needs 40 GB of disk and 20 GB of memory
#
#   DTYPES="bfloat16 float32"   what Patron and transformers compute in; float32 of the 8B shape needs 40 GB of memory
#   PEER_PROMPT=16 PEER_RUNS=1  a shorter prompt and fewer runs for transformers, whose bfloat16 products take
#                               minutes on a processor without instructions for them
#
# Fetches transformers and builds llama.cpp (from the llama-cpp-python source package) into .deps/peers at the first
# run.
set -euo pipefail
cd "$(dirname "$0")/.."
shape=${SHAPE:-smollm2-135m}
threads=${THREADS:-$(nproc)}
runs=${RUNS:-$([ "$shape" = llama-3.1-8b ] && echo 3 || echo 5)}
dtypes=${DTYPES:-$([ "$shape" = llama-3.1-8b ] && echo bfloat16 || echo bfloat16 float32)}
decode=${DECODE:-$([ "$shape" = llama-3.1-8b ] && echo 16 || echo 128)}
peers=$PWD/.deps/peers
python=${PEER_PYTHON:-$(scripts/peer_python.sh)}
mkdir -p "$peers"

bench=${LLAMA_BENCH:-$peers/llama.cpp/bin/llama-bench}
if [ ! -x "$bench" ]; then
  "$python" -m pip download -q --no-deps --no-build-isolation --no-binary llama-cpp-python \
    -d "$peers" llama-cpp-python==0.3.36
  tar -xzf "$peers"/llama_cpp_python-*.tar.gz -C "$peers"
  PATH="$(dirname "$python"):$PATH" cmake -G Ninja \
    -S "$peers"/llama_cpp_python-*/vendor/llama.cpp -B "$peers/llama.cpp" \
    -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF \
    -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DBUILD_SHARED_LIBS=OFF >"$peers/cmake.log"
  PATH="$(dirname "$python"):$PATH" cmake --build "$peers/llama.cpp" --target llama-bench >"$peers/build.log"
fi

model=${MODEL_FOLDER:-$peers/$shape}
[ -e "$model/config.json" ] || python3 scripts/make_random_model.py "$model" --shape "$shape"
gguf=$model.bf16.gguf
[ -e "$gguf" ] || "$python" scripts/make_gguf.py "$model" "$gguf"
make -s build >&2

for dtype in $dtypes; do
  echo "== patron, $dtype"
  .build/release/patron bench model --model "$model" --prompt 512 --decode "$decode" --runs "$runs" \
    --threads "$threads" \
    --dtype "$dtype"
  echo "== transformers, $dtype"
  "$python" scripts/bench_transformers.py "$model" --prompt "${PEER_PROMPT:-512}" --decode "$decode" \
    --runs "${PEER_RUNS:-$runs}" --threads "$threads" --dtype "$dtype"
done
echo "== llama.cpp (BF16; decode after an empty prompt, and after 512 tokens)"
"$bench" -m "$gguf" -p 512 -n "$decode" -t "$threads" -r "$runs"
"$bench" -m "$gguf" -p 0 -n "$decode" -d 512 -t "$threads" -r "$runs"

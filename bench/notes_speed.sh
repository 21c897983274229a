#!/usr/bin/env bash
# Note synthesis against a server that answers after 200 ms and takes 256 requests at once: `notes write`, an
# asyncio + httpx client with the same requests, and one request at a time, in one run; then the memory of
# `notes write` with a million samples to do. docs/performance.md says how to read the result.
# usage: bench/notes_speed.sh [BUILD_FOLDER]   (with -DEPICRISIS_BENCH=ON)
#   CONCURRENCY=256 REQUESTS=40000 PYTHON_REQUESTS=10000 IN_TURN=100 QUEUE=1000000 QUEUE_SECONDS=30
set -euo pipefail
cd "$(dirname "$0")/.."

build=${1:-build/release}
requests=${REQUESTS:-40000}
python_requests=${PYTHON_REQUESTS:-10000}
in_turn=${IN_TURN:-100}
concurrency=${CONCURRENCY:-256}
queue=${QUEUE:-1000000}
queue_seconds=${QUEUE_SECONDS:-30}
program=$PWD/$build/epicrisis
server=$PWD/$build/bench/load_server
folder=$(mktemp -d)
server_id=
trap 'if [ -n "$server_id" ]; then kill "$server_id" || true; fi; rm -rf "$folder"' EXIT

# Without what is measured on pictures: there are none.
fields="modality malignancy diagnosis findings"

venv=build/notes_speed_venv
if [ ! -x $venv/bin/python ]; then
  python3 -m venv $venv
  $venv/bin/pip install --quiet httpx
fi
ulimit -n "$(ulimit -Hn)"

start_server() {  # NAME
  "$server" >"$folder/$1.server" &
  server_id=$!
  while [ ! -s "$folder/$1.server" ]; do sleep 0.02; done
  endpoint=http://127.0.0.1:$(head -1 "$folder/$1.server")/v1
}

stop_server() {
  kill -TERM "$server_id"
  wait "$server_id" || true
  server_id=
}

make_workspace() {  # NAME SAMPLES
  mkdir "$folder/$1"
  python3 - "$folder/$1" "$2" <<'PY'
import sys
folder, count = sys.argv[1], int(sys.argv[2])
sites = ["back", "arm", "face", "lower extremity", "scalp"]
with open(f"{folder}/cases.csv", "w") as file:
    file.write("case,patient,dx,age,sex,site\n")
    for i in range(count):
        dx = ["NEV", "MEL", "BCC", "SEK"][i % 4]
        file.write(f"C{i:07},P{i // 2:07},{dx},{20 + i % 60},{'female' if i % 2 else 'male'},{sites[i % 5]}\n")
with open(f"{folder}/columns.toml", "w") as file:
    file.write("""table = "cases.csv"
taxonomy = "pad_ufes_20"
modality = "dermoscopic image"
[columns]
id = "case"
group = "patient"
label = "dx"
age = "age"
sex = "sex"
site = "site"
""")
PY
  "$program" import generic_csv "$folder/$1" -w "$folder/$1.ws" --tables-only --json --quiet >"$folder/$1.import"
}

write_notes() {  # NAME [OPTION...]
  local name=$1
  shift
  "$program" notes write --strategy P2 --endpoint "$endpoint" --model m --no-images --fields $fields \
    -w "$folder/$name.ws" --concurrency "$concurrency" --json --quiet "$@"
}

make_workspace speed "$requests"

# The requests themselves, for the others to send.
make_workspace sample 2000
start_server sample
write_notes sample --record "$folder/requests.jsonl" >"$folder/sample.json"
stop_server

start_server ours
/usr/bin/time -f '{"wall": %e, "user": %U, "sys": %S, "peak_kb": %M}' -o "$folder/ours.time" \
  "$program" notes write --strategy P2 --endpoint "$endpoint" --model m --no-images --fields $fields \
  -w "$folder/speed.ws" --concurrency "$concurrency" --json --quiet >"$folder/ours.json"
stop_server

start_server python
$venv/bin/python bench/python_client.py "$folder/requests.jsonl" --endpoint "$endpoint" \
  --concurrency "$concurrency" --requests "$python_requests" --output "$folder/python.out" >"$folder/python.json"
stop_server

start_server in_turn
$venv/bin/python bench/python_client.py "$folder/requests.jsonl" --endpoint "$endpoint" --concurrency 1 \
  --requests "$in_turn" --output "$folder/in_turn.out" >"$folder/in_turn.json"
stop_server

make_workspace queue "$queue"
start_server queue
# `timeout` sends Ctrl-C; the program drains and ends with 130.
/usr/bin/time -f '{"wall": %e, "user": %U, "sys": %S, "peak_kb": %M}' -o "$folder/queue.time" \
  timeout --foreground --signal=INT "$queue_seconds" "$program" notes write --strategy P2 --endpoint "$endpoint" --model m \
  --no-images --fields $fields -w "$folder/queue.ws" --concurrency "$concurrency" --json --quiet >"$folder/queue.json" || true
stop_server

python3 - "$folder" <<'PY'
import json, os, sys

folder = sys.argv[1]


def last_line(name):
    with open(os.path.join(folder, name)) as file:
        return json.loads([line for line in file if line.startswith("{")][-1])


def whole(name):
    with open(os.path.join(folder, name)) as file:
        return json.load(file)


ours, ours_time, server = whole("ours.json"), last_line("ours.time"), last_line("ours.server")
python, python_server = last_line("python.json"), last_line("python.server")
turn = last_line("in_turn.json")
queue, queue_time = whole("queue.json"), last_line("queue.time")
queued = whole("queue.import")["written"]
assert ours["written"] == ours["notes"] == server["answered"], "not all notes were written"
assert python_server["answered"] == python["requests"]

ours_cpu = (ours_time["user"] + ours_time["sys"]) / ours["written"]
python_cpu = python["cpu"] / python["requests"]
turn_cpu = turn["cpu"] / turn["requests"]
ours_rate = server["answered"] / server["seconds"]
python_rate = python_server["answered"] / python_server["seconds"]
turn_rate = turn["requests"] / turn["wall"]
print(f"{'':34}{'notes write':>12}{'httpx':>12}{'in turn':>12}")
print(f"{'requests':34}{ours['written']:>12}{python['requests']:>12}{turn['requests']:>12}")
print(f"{'answers/s':34}{ours_rate:>12.1f}{python_rate:>12.1f}{turn_rate:>12.1f}")
print(f"{'share of the slots, whole run':34}{server['slot_use']:>12.1%}{python_server['slot_use']:>12.1%}")
print(f"{'share of the slots, once full':34}{server['slot_use_once_full']:>12.1%}{python_server['slot_use_once_full']:>12.1%}")
print(f"{'CPU, microseconds a request':34}{ours_cpu * 1e6:>12.0f}{python_cpu * 1e6:>12.0f}{turn_cpu * 1e6:>12.0f}")
print(f"{'peak memory, MB':34}{ours_time['peak_kb'] / 1024:>12.0f}{python['peak_kb'] / 1024:>12.0f}{turn['peak_kb'] / 1024:>12.0f}")
print(f"CPU a request, notes write to httpx: 1 to {python_cpu / ours_cpu:.1f}")
print(f"answers/s, notes write to one at a time: {ours_rate / turn_rate:.0f} to 1")
print(f"{queued} samples in the queue, stopped by Ctrl-C: {queue['written']} written, "
      f"peak memory {queue_time['peak_kb'] / 1024:.0f} MB, exit after {queue_time['wall']:.1f} s")
PY

#!/usr/bin/env bash
# Fine-tunes MobileNetV2 for one epoch in bfloat16 and one in fp32, side by side, on pictures drawn by
# `epicrisis demo`'s corpus, and prints the images/s of both. Needs build/release.
set -euo pipefail
cd "$(dirname "$0")/.."

program=$PWD/build/release/epicrisis
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$program" demo --corpus-only --folder "$folder" --quiet
cat >"$folder/precision.toml" <<'TOML'
name = "precision"
data_root = "corpus"
classes = ["BEK", "NEV", "BCC", "MEL"]
bootstrap = 100
[[data]]
name = "dermoscope_a"
adapter = "generic_csv"
path = "dermoscope_a"
role = "internal"
[image_encoder]
model = "random:mobilenet_v2"
frozen = false
[[run]]
name = "bf16"
mode = "image"
train = { epochs = 2, precision = "bf16" }
[[run]]
name = "fp32"
mode = "image"
train = { epochs = 2, precision = "fp32" }
TOML
"$program" study run "$folder/precision.toml" --workspace "$folder/workspace" --quiet >/dev/null
grep -H -o '"images_per_second":[0-9.]*' "$folder"/workspace/runs/*/metrics.jsonl |
  sed 's|.*/precision-\([a-z0-9]*\)-1-[^:]*:"images_per_second":|\1 images/s: |'

#!/bin/sh
# Kills a writing process 200 times and holds the database against the server's own count.
# usage: bench/kill_test.sh [BUILD_FOLDER]
set -eu
build=${1:-build/release}
cd "$(dirname "$0")/.."
ninja -C "$build" test_notes
exec "$build/tests/test_notes" --gtest_also_run_disabled_tests --gtest_filter='SynthesisKillTest.*TwoHundredKills'

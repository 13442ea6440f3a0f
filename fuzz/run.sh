#!/usr/bin/env bash
# Fuzzes a target, or one after the other, for so many seconds each: fuzz/run.sh [TARGET|all] [SECONDS]
#
# The inputs in corpus/ are changed and mixed by chance. One that breaks a promise is printed in hexadecimal; it belongs into
# corpus/, once mended. Nothing but the stable compiler is needed.
set -euo pipefail
cd "$(dirname "$0")/.."
export CREDBRIDGE_FUZZ=${1:-all} CREDBRIDGE_FUZZ_SECONDS=${2:-60}
exec nice -n 10 cargo test --locked --test hostile -- --nocapture every_target_bears

#!/usr/bin/env bash
# Counts the instructions of each stage of `benches/instructions.rs` and compares them with `benches/budget.json`: fails if
# one costs more than its budget and 5 %. `benches/budget.sh accept` makes what was counted the budget.
#
# Instructions are the same on a busy machine as on an idle one. They hang on the compiler, which is pinned, and a little on
# the C library, which the 5 % are for.
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in valgrind jq; do
    command -v "$tool" > /dev/null || {
        echo "$tool is missing: install it, e.g. apt install $tool" >&2
        exit 1
    }
done

program=$(cargo bench --bench instructions --no-run --message-format=json-render-diagnostics |
    jq -r 'select(.target.name == "instructions" and .executable) | .executable')
found=$(mktemp)
trap 'rm -f "$found" "$found".*' EXIT
for stage in $("$program"); do
    valgrind --tool=callgrind --callgrind-out-file=/dev/null --collect-atstart=no \
        --toggle-collect='instructions::measured*' "$program" "$stage" 2> "$found.log" || {
        cat "$found.log" >&2
        exit 1
    }
    counted=$(sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$found.log")
    echo "{\"$stage\": $counted}" >> "$found"
done
jq --slurp --sort-keys add "$found" > "$found.json"
if [ "${1:-}" = accept ]; then
    cp "$found.json" benches/budget.json
fi

jq --null-input --raw-output --slurpfile budget benches/budget.json --slurpfile found "$found.json" '
    $found[0] | to_entries[] | $budget[0][.key] as $allowed
    | [.key, .value, $allowed // "none",
       if $allowed == null then "has no budget"
       elif .value == 0 then "was not counted"
       elif .value > $allowed * 1.05 then "over by \((.value / $allowed - 1) * 1000 | round / 10) %"
       elif .value < $allowed * 0.95 then "below by \((1 - .value / $allowed) * 1000 | round / 10) %"
       else "" end]
    | @tsv' | column -t -s "$(printf '\t')" -N stage,instructions,budget,verdict | tee "$found.txt"
if grep -qE 'over by|has no budget|was not counted' "$found.txt"; then
    echo "over the budget: find out why, or accept it with benches/budget.sh accept" >&2
    exit 1
fi

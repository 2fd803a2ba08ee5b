#!/usr/bin/env bash
# Every check and every test. What they need is started, and installed where it is missing (as root), and stopped again.
#
#   tests/run.sh                     everything
#   tests/run.sh --test cli faults   what `cargo test` makes of these arguments, with the same services
set -euo pipefail
cd "$(dirname "$0")/.."

# The same features and flags for every command: others would compile most of the tree again.
flags=(--workspace --features crash-points,otel --locked)
log=$(mktemp)

finish() {
    local status=$?
    tests/kamailio.sh down
    tests/services.sh down
    # Those that tests start by themselves, because they stop and kill them.
    for set in faults outages size; do
        DIALTONE_TEST_SET=$set tests/services.sh down
    done
    rm -f "$log"
    exit "$status"
}
trap finish EXIT

step() {
    printf '\n== %s\n' "$*"
    "$@"
}

step tests/services.sh tools
step tests/services.sh up
eval "$(tests/services.sh env)"
step tests/kamailio.sh up
eval "$(tests/kamailio.sh env)"
step tests/python.sh up
eval "$(tests/python.sh env)"

if [ $# -eq 0 ]; then
    step cargo fmt --all --check
    step cargo clippy "${flags[@]}" --all-targets -- -D warnings
fi
printf '\n== cargo test\n'
cargo test "${flags[@]}" "$@" 2>&1 | tee "$log"

awk '/^test result:/ { suites++; passed += $4; failed += $6; ignored += $8 }
     END { printf "\ntest result: %d passed, %d failed, %d ignored, suites: %d\n", passed, failed, ignored, suites }' "$log"

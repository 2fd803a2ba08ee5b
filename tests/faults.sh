#!/usr/bin/env bash
# The fault suite: processes and servers are killed, stopped, cut off and restarted, and a checker compares what was
# ordered with the store, the devices' own logs and the reports.
#
#   tests/faults.sh                  everything
#   tests/faults.sh kills labels     the tests whose names have one of these words
#
# DIALTONE_FAULT_SEED=N repeats the decisions of an earlier time, which printed N; DIALTONE_FAULT_KILLS=N kills more.
# Its servers are a set of their own and are removed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

# A killed server keeps what it has committed, as one does that is used.
export DIALTONE_TEST_SET=faults PG_FSYNC=on
trap 'tests/services.sh down' EXIT

tests/services.sh tools
tests/services.sh up
cargo test --workspace --features crash-points,otel --locked --test faults -- --nocapture --test-threads 1 "$@"

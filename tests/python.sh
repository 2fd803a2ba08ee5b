#!/usr/bin/env bash
# The Python that the tests run third-party clients with, in a throw-away virtual environment.
#
#   tests/python.sh up      makes it when it isn't there or its lists have changed; Python is installed where it is missing (as root)
#   tests/python.sh env     prints what the tests read, for: eval "$(tests/python.sh env)"
#   tests/python.sh down    removes it
#
# Everything is kept in target/python. What is in it says tests/python/: a package's licence may forbid to copy it here.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
folder=$root/target/python
lists=("$root/tests/python/requirements.txt" "$root/tests/python/without_dependencies.txt")

install_package() {
    if [ "$(id -u)" != 0 ]; then
        echo "Python 3 with its module venv is missing: install your system's package python3-venv" >&2
        exit 1
    fi
    apt-get update -q >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends python3 python3-venv >&2
}

up() {
    mkdir -p "$root/target"
    # Two tests, or two checkouts of one folder, may come at once.
    exec 9>"$root/target/python.lock"
    flock 9
    if [ -e "$folder/lists" ] && cat "${lists[@]}" | cmp -s - "$folder/lists"; then
        return
    fi
    python3 -c 'import ensurepip, venv' 2>/dev/null || install_package
    rm -rf "$folder"
    python3 -m venv "$folder"
    "$folder/bin/pip" install -q --disable-pip-version-check -r "${lists[0]}" >&2
    "$folder/bin/pip" install -q --disable-pip-version-check --no-deps -r "${lists[1]}" >&2
    # Written last: an environment without it is a half-made one.
    cat "${lists[@]}" >"$folder/lists"
}

case ${1:-} in
    up) up ;;
    down) rm -rf "$folder" ;;
    env) echo "export DIALTONE_TEST_PYTHON=$folder/bin/python" ;;
    *)
        sed -n '2,8s/^# \{0,1\}//p' "$0"
        exit 2
        ;;
esac

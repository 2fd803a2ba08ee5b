#!/usr/bin/env bash
# The services that the tests need, on this machine alone: PostgreSQL on a port of its own.
#
#   tests/services.sh up      starts what isn't running yet; the package is installed where it is missing (as root)
#   tests/services.sh env     prints what the tests read, for: eval "$(tests/services.sh env)"
#   tests/services.sh down    stops it and removes its data
#
# Everything is kept in target/services, or in a folder under /tmp where the service's own user can't reach that.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
port=${DIALTONE_TEST_POSTGRES_PORT:-54327}
pointer=$root/target/services/folder

# PostgreSQL refuses to run as root: then it runs as the user that its package makes.
as_service() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=postgres --regid=postgres --clear-groups -- "$@"
    else
        "$@"
    fi
}

binaries() {
    local found
    found=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1)
    if [ -z "$found" ] && command -v pg_ctl >/dev/null; then
        found=$(dirname "$(readlink -f "$(command -v pg_ctl)")")
    fi
    echo "$found"
}

install_package() {
    if [ "$(id -u)" != 0 ]; then
        echo "PostgreSQL is missing: install your system's package postgresql" >&2
        exit 1
    fi
    apt-get update -q >&2
    # The package would start a cluster of its own, which nobody here needs.
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
        echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends postgresql >&2
}

# The folder of the services, made when there is none.
folder() {
    if [ -s "$pointer" ] && [ -d "$(cat "$pointer")" ]; then
        cat "$pointer"
        return
    fi
    local folder=$root/target/services/data
    mkdir -p "$folder"
    if [ "$(id -u)" = 0 ]; then
        chown postgres: "$folder"
        if ! as_service test -w "$folder"; then
            folder=$(mktemp -d /tmp/dialtone-services.XXXXXX)
            chown postgres: "$folder"
        fi
    fi
    echo "$folder" >"$pointer"
    echo "$folder"
}

up() {
    [ -n "$(binaries)" ] || install_package
    local bin data
    bin=$(binaries)
    data=$(folder)
    cd "$data"
    if "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; then
        return
    fi
    if [ ! -s "$data/postgres/PG_VERSION" ]; then
        as_service "$bin/initdb" -D "$data/postgres" -U dialtone -A trust -E UTF8 --no-locale --no-sync \
            >"$data/initdb.log"
    fi
    # The data is thrown away, so nothing waits for the disk.
    as_service "$bin/pg_ctl" -D "$data/postgres" -l "$data/postgres.log" -w -s -o \
        "-p $port -c listen_addresses=127.0.0.1 -k $data -c fsync=off -c synchronous_commit=off \
         -c full_page_writes=off -c max_connections=300" start
}

down() {
    [ -s "$pointer" ] || return 0
    local data bin
    data=$(cat "$pointer")
    bin=$(binaries)
    if [ -s "$data/postgres/postmaster.pid" ]; then
        (cd "$data" && as_service "$bin/pg_ctl" -D "$data/postgres" -m immediate -w -s stop)
    fi
    rm -rf "$data" "$pointer"
}

case ${1:-} in
    up) up ;;
    down) down ;;
    env) echo "export DIALTONE_TEST_POSTGRES_URL=postgres://dialtone@127.0.0.1:$port/postgres" ;;
    *)
        sed -n '2,8s/^# \{0,1\}//p' "$0"
        exit 2
        ;;
esac

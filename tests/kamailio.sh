#!/usr/bin/env bash
# Two throw-away SIP servers for the tests: one Kamailio that reads PostgreSQL and keeps digests, one that reads SQLite
# and keeps passwords. Everything listens on 127.0.0.1. PostgreSQL is that of tests/services.sh, which must be up.
#
#   tests/kamailio.sh up      starts them anew; the packages are installed where they are missing (as root)
#   tests/kamailio.sh env     prints what the tests read, for: eval "$(tests/kamailio.sh env)"
#   tests/kamailio.sh down    stops them and removes what they kept
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
folder=$root/target/kamailio
domain=sip.example.org
database=kamailio
packages="kamailio kamailio-postgres-modules kamailio-sqlite-modules kamailio-json-modules sip-tester"

# Two ports a checkout, below those that the system hands out by itself and those of tests/services.sh.
slot=$(($(printf '%s' "$root" | cksum | cut -d' ' -f1) % 3000))
postgres_address=127.0.0.1:$((12000 + 2 * slot))
sqlite_address=127.0.0.1:$((12001 + 2 * slot))

fail() {
    echo "tests/kamailio.sh: $*" >&2
    exit 1
}

install_packages() {
    if command -v kamailio >/dev/null && command -v sipp >/dev/null && [ -d /usr/share/kamailio/db_sqlite ] &&
        [ -d /usr/share/kamailio/postgres ] && command -v sqlite3 >/dev/null; then
        return
    fi
    [ "$(id -u)" = 0 ] || fail "Kamailio and SIPp are missing: install your system's packages $packages sqlite3"
    # Another checkout may be installing them at this moment.
    exec 9>/tmp/dialtone-services-install.lock
    flock 9
    apt-get update -q >&2
    # shellcheck disable=SC2086 # several words
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $packages sqlite3 >&2
    exec 9>&-
}

server() {
    eval "$("$root/tests/services.sh" env)"
    echo "${DIALTONE_TEST_POSTGRES_URL%/*}"
}

# start NAME ADDRESS MODULE DATABASE CALCULATE_HA1 PASSWORD_COLUMN
start() {
    local run=$folder/$1
    mkdir -p "$run"
    kamailio -f "$root/tests/kamailio/kamailio.cfg" -A "ADDRESS=$2" -A "MODULE=\"$3\"" -A "DATABASE=\"$4\"" \
        -A "CALCULATE_HA1=$5" -A "PASSWORD_COLUMN=\"$6\"" -A "DOMAIN=\"$domain\"" \
        -m 64 -M 8 -w "$run" -Y "$run" -DD -E >"$run/log" 2>&1 &
    echo $! >"$run/pid"
    for _ in $(seq 100); do
        if (: <"/dev/tcp/${2/://}") 2>/dev/null; then
            return
        fi
        kill -0 $! 2>/dev/null || break
        sleep 0.1
    done
    cat "$run/log" >&2
    fail "the Kamailio of $1 didn't start"
}

up() {
    install_packages
    down
    mkdir -p "$folder"
    local server file
    server=$(server)
    psql -q -v ON_ERROR_STOP=1 "$server/postgres" -c "CREATE DATABASE $database" >&2
    file=$folder/kamailio.sqlite
    for tables in standard auth_db alias_db avpops; do
        psql -q -v ON_ERROR_STOP=1 "$server/$database" -f "/usr/share/kamailio/postgres/$tables-create.sql" >&2
        sqlite3 "$file" <"/usr/share/kamailio/db_sqlite/$tables-create.sql"
    done
    start postgres "$postgres_address" db_postgres.so "${server/@/:none@}/$database" 0 ha1
    start sqlite "$sqlite_address" db_sqlite.so "sqlite:///$file" 1 password
}

down() {
    local pid
    for pid in "$folder"/*/pid; do
        [ -s "$pid" ] || continue
        kill "$(cat "$pid")" 2>/dev/null || true
        for _ in $(seq 100); do
            kill -0 "$(cat "$pid")" 2>/dev/null || break
            sleep 0.1
        done
    done
    rm -rf "$folder"
    psql -q "$(server)/postgres" -c "DROP DATABASE IF EXISTS $database WITH (FORCE)" >/dev/null 2>&1 || true
}

case ${1:-} in
    up) up ;;
    down) down ;;
    env)
        echo "export DIALTONE_TEST_KAMAILIO_DOMAIN=$domain"
        echo "export DIALTONE_TEST_KAMAILIO_POSTGRES=$postgres_address"
        echo "export DIALTONE_TEST_KAMAILIO_POSTGRES_DATABASE=$(server)/$database"
        echo "export DIALTONE_TEST_KAMAILIO_SQLITE=$sqlite_address"
        echo "export DIALTONE_TEST_KAMAILIO_SQLITE_DATABASE=sqlite://$folder/kamailio.sqlite"
        ;;
    *)
        sed -n '2,8s/^# \{0,1\}//p' "$0"
        exit 2
        ;;
esac

#!/usr/bin/env bash
# The services that the tests need, on this machine alone: PostgreSQL and RabbitMQ on ports of their own.
#
#   tests/services.sh up              starts what isn't running yet; packages are installed where they are missing (as root)
#   tests/services.sh tools           installs the tools that tests run
#   tests/services.sh env             prints what the tests read, for: eval "$(tests/services.sh env)"
#   tests/services.sh down            stops them and removes their data
#
# For tests of faults; SERVICE is postgres or rabbitmq:
#
#   tests/services.sh start SERVICE   starts one of them and waits until it answers
#   tests/services.sh stop SERVICE    stops it in good order and keeps its data
#   tests/services.sh kill SERVICE    ends it by SIGKILL and keeps its data
#   tests/services.sh ctl ARGS        rabbitmqctl ARGS
#   tests/services.sh vhost NAME      makes a virtual host on the broker and prints its URL
#
# DIALTONE_TEST_SET=NAME is another set of services beside the usual one, with its own ports and data.
# PG_FSYNC=on lets PostgreSQL wait for the disk, as measurements want it; without it the data is thrown away anyway.
# The ports follow from the folder and the set, so that several checkouts run side by side; DIALTONE_TEST_POSTGRES_PORT
# and DIALTONE_TEST_AMQP_PORT choose others.
#
# Everything is kept in target/services, or in a folder under /tmp where the services' own users can't reach that.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
set_name=${DIALTONE_TEST_SET:-}
pointer=$root/target/services${set_name:+-$set_name}/folder

# Four ports a set, below those that the system hands out by itself. The sets of the tests have places of their own
# beside each other, so that no two of a checkout meet.
number() {
    printf '%s' "$1" | cksum | cut -d' ' -f1
}
case $set_name in
    '') place=0 ;;
    faults) place=1 ;;
    outages) place=2 ;;
    size) place=3 ;;
    *) place=$((4 + $(number "$set_name") % 100)) ;;
esac
slot=$((($(number "$root/") + place) % 3000))
postgres_port=${DIALTONE_TEST_POSTGRES_PORT:-$((20000 + 4 * slot))}
amqp_port=${DIALTONE_TEST_AMQP_PORT:-$((20001 + 4 * slot))}
distribution_port=$((20002 + 4 * slot))
epmd_port=$((20003 + 4 * slot))

fail() {
    echo "tests/services.sh: $*" >&2
    exit 1
}

# Neither server should run as root: each runs as the user that its package makes.
as_user() {
    local user=$1
    shift
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid="$user" --regid="$user" --clear-groups -- "$@"
    else
        "$@"
    fi
}

install_package() {
    [ "$(id -u)" = 0 ] || fail "$1 is missing: install your system's package $1"
    # Another set may be installing it at this moment.
    exec 9>/tmp/dialtone-services-install.lock
    flock 9
    case $1 in
        postgresql)
            [ -z "$(postgres_binaries)" ] || return 0
            # The package would start a cluster of its own, which nobody here needs.
            mkdir -p /etc/postgresql-common
            [ -e /etc/postgresql-common/createcluster.conf ] ||
                echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
            ;;
        rabbitmq-server)
            [ ! -x $rabbitmq/rabbitmq-server ] || return 0
            ;;
        faketime)
            [ -z "$(clock_displacer)" ] || return 0
            ;;
        systemd)
            ! command -v systemd-analyze >/dev/null || return 0
            ;;
    esac
    apt-get update -q >&2
    # Nor should a package start its service: a policy that says so is put in place for as long as this takes.
    local policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 755 $policy
        trap "rm -f $policy" RETURN
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$1" >&2
}

# The folder of the services, made when there is none.
folder() {
    if [ -s "$pointer" ] && [ -d "$(cat "$pointer")" ]; then
        cat "$pointer"
        return
    fi
    local folder=${pointer%/*}/data
    mkdir -p "$folder"
    if [ "$(id -u)" = 0 ] && ! setpriv --reuid=nobody --clear-groups -- test -x "$folder"; then
        folder=$(mktemp -d /tmp/dialtone-services.XXXXXX)
        chmod 755 "$folder"
    fi
    echo "$folder" >"$pointer"
    echo "$folder"
}

# A folder in it that belongs to a service's user.
folder_of() {
    local folder
    folder=$(folder)/$1
    mkdir -p "$folder"
    [ "$(id -u)" != 0 ] || chown "$2:" "$folder"
    echo "$folder"
}

await() {
    local name=$1 log=$2
    shift 2
    for _ in $(seq 1800); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.1
    done
    tail -20 "$log" >&2 || true
    fail "$name doesn't answer"
}

# Whether the process of a PID file is alive.
lives() {
    local process
    process=$(head -1 "$1" 2>/dev/null) && [ -n "$process" ] && kill -0 "$process" 2>/dev/null
}

await_end() {
    for _ in $(seq 300); do
        if ! kill -0 "$1" 2>/dev/null; then return; fi
        sleep 0.1
    done
    kill -KILL "$1" 2>/dev/null || true
}

# --- PostgreSQL

postgres_binaries() {
    local found
    found=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1)
    if [ -z "$found" ] && command -v pg_ctl >/dev/null; then
        found=$(dirname "$(readlink -f "$(command -v pg_ctl)")")
    fi
    echo "$found"
}

start_postgres() {
    [ -n "$(postgres_binaries)" ] || (install_package postgresql)
    local bin data fsync=${PG_FSYNC:-off}
    bin=$(postgres_binaries)
    data=$(folder_of postgres postgres)
    cd "$data"
    if [ ! -s "$data/cluster/PG_VERSION" ]; then
        as_user postgres "$bin/initdb" -D "$data/cluster" -U dialtone -A trust -E UTF8 --no-locale --no-sync \
            >"$data/initdb.log"
        echo "include_if_exists = 'durability.conf'" >>"$data/cluster/postgresql.conf"
    fi
    printf '%s\n' "fsync = $fsync" "synchronous_commit = $fsync" "full_page_writes = $fsync" \
        >"$data/cluster/durability.conf"
    if lives "$data/cluster/postmaster.pid"; then
        as_user postgres "$bin/pg_ctl" -D "$data/cluster" -s reload
    else
        # After a SIGKILL its children hold the shared memory for a moment.
        local left=60
        until as_user postgres "$bin/pg_ctl" -D "$data/cluster" -l "$data/postgres.log" -w -s -o \
            "-p $postgres_port -c listen_addresses=127.0.0.1 -k $data -c max_connections=300" start; do
            left=$((left - 1))
            [ $left -gt 0 ] || fail "PostgreSQL doesn't start; see $data/postgres.log"
            sleep 0.5
        done
    fi
    await PostgreSQL "$data/postgres.log" "$bin/pg_isready" -q -h 127.0.0.1 -p "$postgres_port"
}

stop_postgres() {
    local data bin
    data=$(folder)/postgres
    bin=$(postgres_binaries)
    if [ -s "$data/cluster/postmaster.pid" ]; then
        (cd "$data" && as_user postgres "$bin/pg_ctl" -D "$data/cluster" -m "${1:-fast}" -w -s stop) || true
    fi
}

kill_postgres() {
    local process
    process=$(head -1 "$(folder)/postgres/cluster/postmaster.pid")
    kill -KILL "$process"
    await_end "$process"
}

# --- RabbitMQ

rabbitmq=/usr/lib/rabbitmq/bin

# Everything that a node and its tools would take from the system otherwise.
rabbitmq_environment() {
    local data=$1
    export HOME=$data ERL_EPMD_PORT=$epmd_port ERL_EPMD_ADDRESS=127.0.0.1
    export RABBITMQ_NODENAME=dialtone$amqp_port@localhost RABBITMQ_DIST_PORT=$distribution_port
    export RABBITMQ_MNESIA_BASE=$data/mnesia RABBITMQ_LOG_BASE=$data/log RABBITMQ_PID_FILE=$data/pid
    export RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_CONFIG_FILE=$data/rabbitmq.conf
    export RABBITMQ_ADVANCED_CONFIG_FILE=$data/none RABBITMQ_ENABLED_PLUGINS_FILE=$data/enabled_plugins
    # Idle schedulers that spin would take the processor from the tests.
    export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none'
}

# A port opens before the broker is ready; who answers the protocol's greeting is.
rabbitmq_answers() (
    exec 3<>"/dev/tcp/127.0.0.1/$amqp_port"
    printf 'AMQP\x00\x00\x09\x01' >&3
    [ "$(timeout 2 head -c 1 <&3 | od -An -tu1 | tr -d ' ')" = 1 ]
)

start_rabbitmq() {
    [ -x $rabbitmq/rabbitmq-server ] || (install_package rabbitmq-server)
    local data
    data=$(folder_of rabbitmq rabbitmq)
    if ! lives "$data/pid"; then
        rm -f "$data/pid"
        printf '%s\n' "listeners.tcp.local = 127.0.0.1:$amqp_port" "loopback_users = none" \
            "disk_free_limit.absolute = 50MB" "vm_memory_high_watermark.absolute = 1GB" \
            "log.file.level = warning" >"$data/rabbitmq.conf"
        echo '[].' >"$data/enabled_plugins"
        (
            rabbitmq_environment "$data"
            cd "$data"
            # In a session of its own it outlives this script and whoever called it.
            as_user rabbitmq setsid $rabbitmq/rabbitmq-server </dev/null >"$data/server.log" 2>&1 9>&- &
        )
    fi
    await RabbitMQ "$data/server.log" rabbitmq_answers
}

stop_rabbitmq() {
    local data process
    data=$(folder)/rabbitmq
    if lives "$data/pid"; then
        process=$(cat "$data/pid")
        kill -TERM "$process"
        await_end "$process"
    fi
    rm -f "$data/pid"
    (
        rabbitmq_environment "$data"
        epmd -kill >/dev/null 2>&1 || true
    )
}

kill_rabbitmq() {
    local data process
    data=$(folder)/rabbitmq
    process=$(cat "$data/pid")
    kill -KILL "$process"
    await_end "$process"
    rm -f "$data/pid"
}

ctl() {
    local data
    data=$(folder)/rabbitmq
    rabbitmq_environment "$data"
    cd "$data"
    as_user rabbitmq $rabbitmq/rabbitmqctl "$@"
}

amqp_url() {
    echo "amqp://guest:guest@127.0.0.1:$amqp_port/$1"
}

vhost() {
    [[ $1 =~ ^[a-z0-9-]+$ ]] || fail "a virtual host's name here is of a-z, 0-9 and -"
    # One call, because each starts a virtual machine of its own.
    ctl -q eval "rabbit_vhost:add(<<\"$1\">>, <<\"test\">>), rabbit_auth_backend_internal:set_permissions(
        <<\"guest\">>, <<\"$1\">>, <<\".*\">>, <<\".*\">>, <<\".*\">>, <<\"test\">>)." >/dev/null
    amqp_url "$1"
}

# ---

# --- Tools

# The library that gives a process another wall clock.
clock_displacer() {
    find /usr/lib -name libfaketimeMT.so.1 2>/dev/null | head -1
}

tools() {
    [ -n "$(clock_displacer)" ] || (install_package faketime)
    command -v systemd-analyze >/dev/null || (install_package systemd)
}

up() {
    start_postgres
    start_rabbitmq
}

down() {
    [ -s "$pointer" ] || return 0
    local data
    data=$(cat "$pointer")
    stop_postgres immediate
    stop_rabbitmq
    rm -rf "$data" "${pointer%/*}"
}

one_of_them() {
    case ${2:-} in
        postgres | rabbitmq) "$1_$2" ;;
        *) fail "$1 which: postgres or rabbitmq?" ;;
    esac
}

case ${1:-} in
    up) up ;;
    down) down ;;
    tools) tools ;;
    env)
        echo "export DIALTONE_TEST_POSTGRES_URL=postgres://dialtone@127.0.0.1:$postgres_port/postgres"
        echo "export DIALTONE_TEST_AMQP_URL=$(amqp_url %2f)"
        ;;
    start | stop | kill) one_of_them "$@" ;;
    ctl)
        shift
        ctl "$@"
        ;;
    vhost) vhost "${2:?a name is needed}" ;;
    *)
        sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p}' "$0"
        exit 2
        ;;
esac

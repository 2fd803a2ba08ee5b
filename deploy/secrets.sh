#!/usr/bin/env bash
# Makes the secrets of compose.yaml, each of 32 random bytes, in deploy/secrets. What is there already stays.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p secrets
# The containers' own users read the files, the folder keeps everybody else on this machine out.
chmod 700 secrets

random() {
    od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

keep() {
    [ -s "secrets/$1" ] && return
    printf '%s' "$2" >"secrets/$1"
    chmod 444 "secrets/$1"
}

keep database_password "$(random)"
keep database_url "postgres://dialtone:$(cat secrets/database_password)@database/dialtone"
keep broker_password "$(random)"
keep queue_url "amqp://dialtone:$(cat secrets/broker_password)@broker/%2f"
keep broker_conf "default_user = dialtone
default_pass = $(cat secrets/broker_password)
"
keep files_secret "$(random)"
keep credentials_key "$(random)"

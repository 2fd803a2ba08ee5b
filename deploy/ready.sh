#!/usr/bin/env bash
# Asks a role on this machine whether it is ready, with nothing installed but a shell.
#
#   dialtone-ready [PORT]       0 when it answers 200
set -euo pipefail
port=${1:-9464}
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' >&3
read -r _ status _ <&3
[ "$status" = 200 ]

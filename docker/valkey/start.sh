#!/bin/sh
# Starts Valkey (or Redis). The configuration goes in by standard input, so that the password is on no command line.
# What was acknowledged is kept: a code that was taken must stay taken, so nothing is evicted and a log is
# written to disk every second.
set -eu
secrets=${SECRETS_DIR:-/run/secrets}
exec "${SERVER:-valkey-server}" - <<CONFIGURATION
requirepass $(cat "$secrets/kv_password")
port ${PORT:-6379}
bind ${BIND:-0.0.0.0}
dir ${DIR:-/data}
appendonly yes
appendfsync everysec
save ""
maxmemory ${MAXMEMORY:-512mb}
maxmemory-policy noeviction
timeout 0
tcp-keepalive 60
CONFIGURATION

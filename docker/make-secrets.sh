#!/bin/sh
# Makes the secrets that compose.yaml mounts, in docker/secrets/. What is there already is kept.
#   docker/make-secrets.sh                      then put tls.crt and tls.key there yourself
#   docker/make-secrets.sh --self-signed NAME   a certificate of our own for NAME, to try things out
# Run as root: the master key must belong to the service's user (10001) alone.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets

password() {
    [ -e "secrets/$1" ] || openssl rand -hex 32 >"secrets/$1"
    # each container reads only the files it mounts; on this machine the folder's mode guards them
    chmod 0444 "secrets/$1"
}
for name in superuser_password database_password keys_password kv_password; do password "$name"; done

if [ ! -e secrets/master_key ]; then
    printf 'yizheng-master-key-v1:%s\n' "$(openssl rand -base64 32 | tr '+/' '-_')" >secrets/master_key
fi
chmod 0600 secrets/master_key
if [ "$(id -u)" -eq 0 ]; then
    chown 10001:10001 secrets/master_key
else
    echo "make-secrets: as root, also run: chown 10001:10001 $PWD/secrets/master_key" >&2
fi

if [ "${1:-}" = --self-signed ] && [ ! -e secrets/tls.key ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=$2" \
        -addext "subjectAltName=DNS:$2" -keyout secrets/tls.key -out secrets/tls.crt 2>/dev/null
fi
for name in tls.crt tls.key; do
    if [ -e "secrets/$name" ]; then chmod 0444 "secrets/$name"; else echo "make-secrets: still missing: $PWD/secrets/$name" >&2; fi
done
echo "Keep a copy of secrets/master_key somewhere safe: without it nothing that is encrypted can be read again."

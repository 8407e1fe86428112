#!/bin/sh
# Starts the service, or another command of `yizheng`. Passwords come from files, never from the compose file:
# where an address holds {password}, the content of the file named by YIZHENG_<NAME>_PASSWORD_FILE is put in.
set -eu

fill_in() { # name of the address, name of the variable that names the file
    address=$(printenv "$1" || true)
    file=$(printenv "$2" || true)
    case $address in *'{password}'*) ;; *) return 0 ;; esac
    if [ -z "$file" ] || [ ! -r "$file" ]; then
        echo "entrypoint: $1 wants a password, but $2 names no readable file" >&2
        exit 1
    fi
    filled=$(python -c '
import sys, urllib.parse
password = open(sys.argv[2]).read().strip()
if not password:
    sys.exit("entrypoint: the password file is empty: " + sys.argv[2])
print(sys.argv[1].replace("{password}", urllib.parse.quote(password, safe="")))
' "$address" "$file")
    export "$1=$filled"
}

fill_in YIZHENG_DATABASE_URL YIZHENG_DATABASE_PASSWORD_FILE
fill_in YIZHENG_KEYS_URL YIZHENG_KEYS_PASSWORD_FILE
fill_in YIZHENG_KV_URL YIZHENG_KV_PASSWORD_FILE

exec python -m api.cli "$@"

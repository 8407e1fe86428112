#!/bin/sh
# First start of the database: one role and one database for the domains, another for the key store, so that
# neither reads the other's tables and the service is never superuser.
set -eu
secrets=${SECRETS_DIR:-/run/secrets}

make_database() { # name; its password is in the file $PASSWORD_FILE
    psql -v ON_ERROR_STOP=1 -v name="$1" --no-psqlrc --quiet --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\set password `cat "$PASSWORD_FILE"`
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
}

PASSWORD_FILE=$secrets/database_password
export PASSWORD_FILE
make_database yizheng
PASSWORD_FILE=$secrets/keys_password
make_database yizheng_keys

#!/bin/bash
# What the official image does with POSTGRES_USER, _PASSWORD, _DB and _INITDB_ARGS, as the server's own account from the start.
# Invariant: the data directory is complete or absent; it is made beside its place and renamed.
set -euo pipefail

initialise() {
    local user=${POSTGRES_USER:-postgres} new=$PGDATA.new
    local database=${POSTGRES_DB:-$user}
    : "${POSTGRES_PASSWORD:?is empty: set it to the password that the superuser shall have}"
    rm -rf "$new"
    mkdir -p "$(dirname "$new")"
    # The official image, too, takes the arguments as a shell would: they may hold quotes.
    eval "initdb -D '$new' --username='$user' --pwfile=<(printf '%s\n' \"\$POSTGRES_PASSWORD\") -c listen_addresses='*' \
        ${POSTGRES_INITDB_ARGS:-}"
    echo "host all all all scram-sha-256" >> "$new/pg_hba.conf"
    if [ "$database" != postgres ]; then
        postgres --single -D "$new" postgres <<< "CREATE DATABASE \"$database\"" > /dev/null
    fi
    mv -T "$new" "$PGDATA"
}

if [ "${1:0:1}" = - ]; then
    set -- postgres "$@"
fi
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
    initialise
fi
exec "$@"

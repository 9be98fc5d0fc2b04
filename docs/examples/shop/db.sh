#!/bin/sh
# PostgreSQL on its volume, which is filled at the first start.
set -eu
data=/var/lib/postgresql/data
if [ ! -s "$data/PG_VERSION" ]; then
    initdb -D "$data" -U shop --auth=trust --no-locale --encoding=UTF8 >/dev/null
    echo 'host all all all trust' >>"$data/pg_hba.conf"
fi
exec postgres -D "$data" -c 'listen_addresses=*' -c unix_socket_directories=/tmp

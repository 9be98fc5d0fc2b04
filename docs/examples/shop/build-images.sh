#!/bin/sh
# Makes the two images of the example from what a Debian machine has, without a network:
#   apt-get install docker.io busybox-static postgresql
# example/shop-db:1 is PostgreSQL, example/shop-web:1 is a page of busybox's own server, with PostgreSQL's client.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
server=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
version=$(basename "$(dirname "$server")")
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

# Programs under their own paths, with the libraries that they are linked with.
copy() {
    root=$1
    shift
    libraries=$(ldd "$@" | tr ' \t' '\n\n' | grep '^/.*[^:]$' | sort -u)
    # Links are followed: what they lead to is copied.
    cp -rL --parents "$@" $libraries "$root"
}

# A root directory with a shell and one user.
start() {
    mkdir -p "$1/bin" "$1/etc" "$1/tmp" "$1/run" "$1/usr/bin"
    chmod 1777 "$1/tmp"
    cp "$(command -v busybox)" "$1/bin/busybox"
    for name in sh cat date env grep httpd mkdir sed sleep test tr wget; do ln -s busybox "$1/bin/$name"; done
    echo 'shop:x:1999:1999::/tmp:/bin/sh' >"$1/etc/passwd"
    echo 'shop:x:1999:' >"$1/etc/group"
}

# Everything in an image is that user's, so that a new volume is, too.
import() {
    name=$1
    shift
    tar -C "$work/root" --owner=1999 --group=1999 --numeric-owner -c . | docker import "$@" - "$name" >/dev/null
    rm -r "$work/root"
    echo "$name"
}

root=$work/root
start "$root"
copy "$root" "$server/postgres" "$server/initdb" "$server/pg_isready"
library=/usr/lib/postgresql/$version/lib
copy "$root" "$library/plpgsql.so" "$library/dict_snowball.so"
cp -rL --parents "/usr/share/postgresql/$version" /usr/share/zoneinfo/Etc "$root"
mkdir -p "$root/var/lib/postgresql/data"
chmod 700 "$root/var/lib/postgresql/data"
install -m 755 "$here/db.sh" "$root/bin/db"
import example/shop-db:1 \
    --change "ENV PATH=$server:/bin" \
    --change 'USER 1999' \
    --change 'CMD ["/bin/db"]'

start "$root"
copy "$root" "$server/psql"
mkdir -p "$root/www/cgi-bin" "$root/srv/receipts"
install -m 755 "$here/web/orders" "$root/www/cgi-bin/orders"
import example/shop-web:1 \
    --change "ENV PATH=$server:/bin" \
    --change 'EXPOSE 80' \
    --change 'CMD ["/bin/httpd", "-f", "-p", "80", "-h", "/www"]'

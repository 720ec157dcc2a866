#!/bin/sh
# `sudo make uninstall` removes the files; settings and recordings stay. PURGE=1 removes those too.
set -eu
fail() { printf 'uninstall: %s\n' "$*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "only root may: sudo make uninstall"
here=$(cd "$(dirname "$0")" && pwd)
if [ -e /opt/hushbox/installed-files ]; then
    "$here/configure.sh" stop
    (cd / && xargs -d '\n' rm -f) </opt/hushbox/installed-files
    rmdir --ignore-fail-on-non-empty /etc/hushbox
    "$here/debian/postrm" remove
    echo "uninstall: done; settings stay in /etc/hushbox and /var/lib/hushbox (PURGE=1 removes them too)"
elif [ "$(dpkg-query -W -f '${db:Status-Status}' hushbox 2>/dev/null)" = installed ]; then
    fail "it was installed as a Debian package: sudo apt-get remove hushbox, or purge"
else
    echo "uninstall: nothing is installed"
fi
if [ "${PURGE:-}" = 1 ]; then
    "$here/debian/postrm" purge
    echo "uninstall: settings and the box's users are gone too"
fi

#!/bin/sh
# `sudo make install` puts the box into /opt/hushbox and its command on the PATH, and enables its units. Run again it is an
# upgrade; settings stay.
#   WHEELS=FOLDER   install from this folder (packaging/wheels.sh makes it); no network is needed
#   DESTDIR=FOLDER  put the files below this folder and leave this system alone
#   PYTHON is ignored: the box uses /usr/bin/python3, because its user must be able to reach it
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C # one order for all lists
destdir=${DESTDIR:-}
export PYTHON=/usr/bin/python3
fail() { printf 'install: %s\n' "$*" >&2; exit 1; }

[ -x "$PYTHON" ] || fail "no $PYTHON: sudo apt-get install python3"
"$PYTHON" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' ||
    fail "$("$PYTHON" -V) does not fit: 3.11, 3.12 or 3.13 is needed; the frozen build of make dist brings its own"
if [ -z "$destdir" ]; then
    [ "$(id -u)" = 0 ] || fail "only root may: sudo make install"
    command -v systemd-sysusers >/dev/null || fail "no systemd here; make run starts the box without"
    if [ "$(dpkg-query -W -f '${db:Status-Status}' hushbox 2>/dev/null)" = installed ]; then
        fail "the Debian package is installed: sudo apt-get remove hushbox first (settings stay)"
    fi
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info >= (3, 13))' || "$PYTHON" -c 'import lgpio' 2>/dev/null ||
        echo "install: for footswitches and lights also: sudo apt-get install python3-lgpio"
    ldconfig -p | grep -q libasound.so.2 || fail "ALSA's library is missing: sudo apt-get install libasound2"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
wheels=${WHEELS:-$work/wheels}
if [ -z "${WHEELS:-}" ]; then packaging/wheels.sh "$wheels"; fi
[ -d "$wheels" ] || fail "WHEELS=$wheels: no such folder"

if [ -n "$destdir" ]; then
    packaging/tree.sh "$destdir" "$wheels"
    exit 0
fi
# The whole tree is ready before anything in use changes, so a failure above leaves the old box as it was.
packaging/tree.sh "$work/root" "$wheels"
when=first
if [ -d /opt/hushbox ]; then when=again; fi
rm -rf /opt/hushbox.new /opt/hushbox.old
mkdir -p /opt
# What this system has of ours: from the installation before, and from the updates since.
{
    cat /opt/hushbox/installed-files
    (cd /opt/hushbox/versions && find ./*/system -type f | sed 's|^\./[^/]*/system/||')
} 2>/dev/null | sort -u >"$work/before" || true
mv "$work/root/opt/hushbox" /opt/hushbox.new
if [ $when = again ]; then mv /opt/hushbox /opt/hushbox.old; fi
mv /opt/hushbox.new /opt/hushbox
rm -rf /opt/hushbox.old
(cd "$work/root" && find etc usr \( -type f -o -type l \) | sort) >/opt/hushbox/installed-files
# Of that, what this version has not goes. In etc it stays: somebody may have changed it.
comm -23 "$work/before" /opt/hushbox/installed-files | grep '^usr/.*hushbox[^/]*$' >"$work/gone" || true
while read -r file; do
    case $file in usr/lib/systemd/system/*)
        if [ -d /run/systemd/system ]; then systemctl stop "${file##*/}" || true; fi
        systemctl disable -q "${file##*/}" || true
        ;;
    esac
    rm -f "/$file"
done <"$work/gone"
(cd "$work/root" && tar -cf - --owner=0 --group=0 etc usr) | tar -xf - -C / --no-overwrite-dir
/opt/hushbox/configure $when
echo "install: $(/usr/bin/hushbox --version) in /opt/hushbox"

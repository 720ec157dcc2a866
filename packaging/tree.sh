#!/bin/sh
# Lay the installed files below a root folder, for `make install` and for the Debian package alike:
#   packaging/tree.sh ROOT WHEELS [MACHINE]      MACHINE as `uname -m` says it; another than this one's is fine
# WHEELS holds our part in C too (packaging/wheels.sh, foreign_wheels.sh).
# Nothing outside ROOT is touched. An environment without `venv`'s help: so it can be laid for another machine, and
# holds no path of the place where it was made. It lies in /opt/hushbox/versions/X.Y.Z, with the links that say that it
# is the version in use (firmware_app/update/layout.py). UPDATE_ROOT=FILE (packaging/update-root.json) is the maker's
# signed root, by which this version checks updates; without one it takes none.
set -eu
cd "$(dirname "$0")/.."
. packaging/commit_time.sh
mkdir -p "${1:?name the root folder}"
root=$(cd "$1" && pwd) wheels=${2:?name the folder of wheels} machine=${3:-$(uname -m)}
python=${PYTHON:-/usr/bin/python3}
here=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
minor=${MINOR:-$here} # another Python than this one's is fine, too
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
opt=$root/opt/hushbox
home=$opt/versions/$version
update_root=${UPDATE_ROOT:-packaging/update-root.json}
site=$home/.venv/lib/python$minor/site-packages
pip=$(ls "$wheels"/pip-*.whl) || { echo "tree: no pip in $wheels: make it with packaging/wheels.sh" >&2; exit 1; }
umask 022

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# From a copy: setuptools leaves a build folder beside what it builds.
cp -r dsp hw web_ui firmware_app models_quantized pyproject.toml setup.py LICENSE README.md "$work"
find "$work" \( -name __pycache__ -prune -o -name '_hop.*.so' \) -exec rm -rf {} +
quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }; }
native=${HUSHBOX_NATIVE:-1} ready= # the part in C is built here, unless it is there, made from the same sources
if [ "$native" != 0 ] && packaging/ours_from.sh | cmp -s - "$wheels/.ours-made-from"; then native=0 ready=$wheels/_hop.abi3.so; fi
quietly env HUSHBOX_NATIVE=$native "$python" "$pip/pip" wheel --no-index --find-links "$wheels" --no-deps -w "$work/ours" "$work"

platforms="--platform linux_$machine"
for release in $(seq 17 41); do platforms="$platforms --platform manylinux_2_${release}_$machine"; done
rm -rf "$home/.venv"
mkdir -p "$site" "$home/.venv/bin"
find "$wheels" -name '*.whl' ! -name 'pip-*' >"$work/list"
# shellcheck disable=SC2046,SC2086
quietly "$python" "$pip/pip" install --no-index --no-deps --no-compile --only-binary=:all: \
    --python-version "$minor" --implementation cp --abi "cp$(echo "$minor" | tr -d .)" --abi abi3 --abi none --target "$site" $platforms --platform "manylinux2014_$machine" --platform any \
    $(cat "$work/list") "$work"/ours/*.whl
rm -rf "$site/bin"
# Where a wheel lay when it was installed concerns nobody, and is another place each time.
find "$site" -name direct_url.json -delete
sed -i '/^[^,]*\/direct_url\.json,/d' "$site"/*.dist-info/RECORD
[ -z "$ready" ] || cp "$ready" "$site/dsp/native"
[ -e "$site/dsp/native/_hop.abi3.so" ] || echo "tree: without the part in C: NumPy does its work, slower" >&2
find "$site" -type f -perm /111 -exec chmod a-x {} +
find "$site" -depth -type d -name tests -path '*/numpy/*' -exec rm -rf {} +
# lgpio has wheels up to Python 3.12; from 3.13 on it is the system's (python3-lgpio).
case $minor in 3.11 | 3.12) system=false ;; *) system=true ;; esac
ln -s /usr/bin/python3 "$home/.venv/bin/python"
cat >"$home/.venv/pyvenv.cfg" <<EOF
home = /usr/bin
include-system-site-packages = $system
version = $minor
EOF
install -m 755 packaging/hushbox.sh "$home/.venv/bin/hushbox"
if [ -e "$update_root" ]; then install -m 644 "$update_root" "$site/firmware_app/assets/update-root.json"; fi
# The box may not write here, so it is compiled now; -s and -p: as if it had been compiled where it will lie.
# For another Python, `configure` does it.
[ "$minor" != "$here" ] || "$python" -m compileall -q --invalidation-mode unchecked-hash -s "$root" -p / "$site"

install -m 644 README.md CHANGELOG.md LICENSE "$home"
# Fails when something would be shipped without the text of its licence.
(cd "$work" && "$python" -B -m firmware_app.system.licence_texts "$site") >"$home/LICENCES.txt"
# No clock is trusted to be before this (firmware_app/update/clock.py).
date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ >"$home/made"
install -m 755 packaging/configure.sh "$home/configure"
install -m 755 packaging/tune.sh "$home/tune"
install -m 755 packaging/stick.sh "$home/stick"
for link in current good; do ln -sfn "versions/$version" "$opt/$link"; done
for link in .venv configure tune stick jetson internet LICENCES.txt CHANGELOG.md; do ln -sfn "current/$link" "$opt/$link"; done
install -d "$root/usr/bin" "$root/etc/hushbox"
ln -sf /opt/hushbox/.venv/bin/hushbox "$root/usr/bin/hushbox"
install -m 644 hushbox.toml.example "$root/etc/hushbox"

# Below system/ lies what an update puts into the system (configure apply).
put() { install -D -m 644 "systemd/$1" "$root/$2"; case $2 in usr/*) install -D -m 644 "systemd/$1" "$home/system/$2" ;; esac; }
for unit in $(cd systemd && ls -- *.service *.target *.timer *.path *.socket *.mount *.slice 2>/dev/null); do
    put "$unit" "usr/lib/systemd/system/$unit"
done
put hushbox.sysusers usr/lib/sysusers.d/hushbox.conf
put hushbox.tmpfiles usr/lib/tmpfiles.d/hushbox.conf
put hushbox.rules usr/lib/udev/rules.d/60-hushbox.rules
put hushbox-pedals.rules usr/lib/udev/rules.d/61-hushbox-pedals.rules
put hushbox-stick.rules usr/lib/udev/rules.d/61-hushbox-stick.rules
put hushbox.polkit usr/share/polkit-1/rules.d/60-hushbox.rules
put hushbox-network.polkit usr/share/polkit-1/rules.d/61-hushbox-network.rules
put hushbox.dbus usr/share/dbus-1/system.d/hushbox.conf
put hushbox.dnsmasq etc/NetworkManager/dnsmasq-shared.d/hushbox.conf
put hushbox.sysctl usr/lib/sysctl.d/50-hushbox.conf
put hushbox.journald usr/lib/systemd/journald.conf.d/50-hushbox.conf
put hushbox.limits etc/security/limits.d/hushbox.conf
install -D -m 644 systemd/jetson/hushbox-audio.conf "$home/jetson/hushbox-audio.conf"
install -D -m 644 systemd/internet/hushbox-control.conf "$home/internet/hushbox-control.conf"
install -d "$root/usr/share/man/man1"
gzip -9n <packaging/hushbox.1 >"$root/usr/share/man/man1/hushbox.1.gz"
install -D -m 644 "$root/usr/share/man/man1/hushbox.1.gz" "$home/system/usr/share/man/man1/hushbox.1.gz"

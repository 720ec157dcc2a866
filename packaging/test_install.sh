#!/bin/sh
# Tests `make install` in a clean Debian: install, install again over a box that had an update, uninstall.
#   packaging/test_install.sh       as root
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "test-install: only root may make a root" >&2; exit 1; }
packaging/wheels.sh build/wheels
root=$(mktemp -d)
tidy() { umount "$root/proc" "$root/dev/shm" 2>/dev/null || true; rm -rf --one-file-system "$root"; }
trap tidy EXIT
tar -C "$root" -xf "$(packaging/root.sh "$(dpkg --print-architecture)" box)"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/dev/shm"
mkdir "$root/checkout"
git ls-files -z --cached --others --exclude-standard | xargs -0 tar -cf - | tar -C "$root/checkout" -xf -
cp -r build/wheels "$root/wheels"
fail() { printf 'test-install: %s\n' "$*" >&2; exit 1; }
step() { printf '\n== %s\n' "$*"; }
in_root() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 sh -c "$1"; }
units=$root/usr/lib/systemd/system
is_on() { [ "$(in_root "systemctl is-enabled $1" 2>/dev/null)" = enabled ]; }

step "make install"
in_root 'cd /checkout && make install WHEELS=/wheels'
in_root 'hushbox --version'
for unit in hushbox-audio.service hushbox-control.service hushbox-update.path; do is_on $unit || fail "$unit is not on"; done

step "an update, with a unit, a rule and a setting of its own"
version=$(ls "$root/opt/hushbox/versions")
newer=$root/opt/hushbox/versions/99.0.0
cp -r "$root/opt/hushbox/versions/$version" "$newer"
printf '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n' >"$newer/system/usr/lib/systemd/system/hushbox-newer.service"
echo '# newer' >"$newer/system/usr/lib/udev/rules.d/62-hushbox-newer.rules"
for link in current good; do ln -sfn versions/99.0.0 "$root/opt/hushbox/$link"; done
in_root '/opt/hushbox/versions/99.0.0/configure apply'
is_on hushbox-newer.service || fail "the update's unit is not on"
# What is not ours: somebody's own unit with our name in it, and somebody's own setting for one of ours.
printf '[Service]\nExecStart=/bin/true\n' >"$units/hushbox-of-mine.service"
mkdir -p "$root/etc/systemd/system/hushbox-newer.service.d"
echo '[Service]' >"$root/etc/systemd/system/hushbox-newer.service.d/mine.conf"
in_root 'systemctl disable -q hushbox-log.socket'

step "make install over it"
in_root 'cd /checkout && make install WHEELS=/wheels'
[ "$(ls "$root/opt/hushbox/versions")" = "$version" ] || fail "there are other versions: $(ls "$root/opt/hushbox/versions")"
[ ! -e "$units/hushbox-newer.service" ] || fail "the update's unit is still there"
[ ! -e "$root/usr/lib/udev/rules.d/62-hushbox-newer.rules" ] || fail "the update's rule is still there"
left=$(find "$root/etc/systemd/system" -name hushbox-newer.service)
[ -z "$left" ] || fail "the update's unit is still on: $left"
[ -e "$units/hushbox-of-mine.service" ] || fail "somebody's own unit is gone"
[ -e "$root/etc/systemd/system/hushbox-newer.service.d/mine.conf" ] || fail "somebody's own setting is gone"
if is_on hushbox-log.socket; then fail "a unit that was switched off is on again"; fi
(cd "$root" && xargs -d '\n' ls -d) <"$root/opt/hushbox/installed-files" >/dev/null || fail "a file of the list is not there"
in_root 'hushbox --version'

step "make uninstall PURGE=1"
rm "$units/hushbox-of-mine.service"
rm -r "$root/etc/systemd/system/hushbox-newer.service.d"
in_root 'cd /checkout && make uninstall PURGE=1'
left=$(in_root "find / -xdev -iname '*hushbox*' -not -path '/proc/*' -not -path '/dev/*' -not -path '/checkout/*' -not -path '/wheels/*' -not -path '/root/*' -not -path '/tmp/*' -not -path '/var/cache/man/*'")
[ -z "$left" ] || fail "uninstall left $left"
echo; echo "test-install: fine"

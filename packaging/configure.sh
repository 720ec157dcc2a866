#!/bin/sh
# Sets the system up around the installed files. `make install` and the Debian package's scripts both use it.
#   configure first       after the files are installed for the first time: user, groups, rules; units on and started
#   configure again       after newer files replaced them: the same, but of the units only new ones are switched on
#   configure apply       an update changed versions: this version's system files in place of the other's. From its own folder
#   configure stop        before the files are removed: stop the box, disable its units
set -eu
has() { command -v "$1" >/dev/null 2>&1; }
booted() { [ -d /run/systemd/system ]; } # false in a chroot, where nothing is started
units() { grep -l '^\[Install\]' /usr/lib/systemd/system/hushbox* 2>/dev/null | sed 's|.*/||'; }

# Before there were two users, the one that there was could read every keyboard and the whole journal. The pedals that are
# mapped stay allowed.
one_user_no_more() {
    for group in input systemd-journal; do
        if id -nG hushbox 2>/dev/null | tr ' ' '\n' | grep -qx $group; then
            if [ $group = input ]; then /opt/hushbox/.venv/bin/hushbox pedals --mapped || true; fi
            if has gpasswd; then gpasswd -d hushbox $group >/dev/null; fi
        fi
    done
}

rules() {
    systemd-sysusers /usr/lib/sysusers.d/hushbox.conf
    one_user_no_more
    systemd-tmpfiles --create /usr/lib/tmpfiles.d/hushbox.conf || true
    booted || return 0
    if has sysctl; then sysctl -q -p /usr/lib/sysctl.d/50-hushbox.conf || true; fi
    if has udevadm; then
        udevadm control --reload || true
        udevadm trigger --action=change --subsystem-match=sound --subsystem-match=gpio --subsystem-match=spidev \
            --subsystem-match=i2c-dev --subsystem-match=misc --subsystem-match=usb --subsystem-match=input || true
    fi
    systemctl daemon-reload
}

# Units that were not there when this ran last are switched on; one that someone has disabled since stays disabled. Boxes
# from before there was this list had two.
known=/var/lib/hushbox-update/units
fresh() {
    for unit in $(units); do
        { cat $known 2>/dev/null || printf 'hushbox-audio.service\nhushbox-control.service\n'; } | grep -qx "$unit" || echo "$unit"
    done
}
remember() { mkdir -p "${known%/*}" && units >$known || true; } 2>/dev/null # /var may be read-only
enable_fresh() {
    for unit in $(fresh); do systemctl enable -q "$unit" || true; done
    remember
}

# What only other versions have put into the system goes; only names of ours are looked at.
no_others() {
    here=$(dirname "$(readlink -f "$0")")
    for file in $(cd "$here/.." && find ./*/system/usr -type f 2>/dev/null | sed 's|^\./[^/]*/system/||' | sort -u); do
        [ ! -e "$here/system/$file" ] || continue
        case ${file##*/} in *hushbox*) ;; *) continue ;; esac
        [ -e "/$file" ] || continue
        case $file in usr/lib/systemd/system/*) systemctl disable -q --now "${file##*/}" || true ;; esac
        rm -f "/$file"
    done
}

apply() {
    here=$(dirname "$(readlink -f "$0")")
    for file in $(cd "$here/system" && find usr -type f | sort); do
        cmp -s "$here/system/$file" "/$file" && continue
        install -D -m 644 "$here/system/$file" "/$file.new"
        mv -f "/$file.new" "/$file"
    done
    no_others
    rules
    enable_fresh
}

# Another version than this one's is no longer what an update may go back to: a package has replaced them all.
alone() {
    no_others
    rm -f /opt/hushbox/previous /var/lib/hushbox-update/trial
    for version in /opt/hushbox/versions/*; do
        [ "$(readlink -f "$version")" = "$(readlink -f /opt/hushbox/current)" ] || rm -rf "$version"
    done
}

compiled() {
    site=$(echo /opt/hushbox/.venv/lib/python3.*/site-packages)
    [ -d "$site/dsp/__pycache__" ] || /opt/hushbox/.venv/bin/python -m compileall -q --invalidation-mode unchecked-hash "$site"
}

case ${1:-} in
first)
    compiled
    rules
    # shellcheck disable=SC2046
    systemctl enable -q $(units)
    remember
    # shellcheck disable=SC2046
    if booted; then systemctl --no-block start $(units); fi
    ;;
again)
    alone
    compiled
    rules
    new=$(fresh)
    enable_fresh
    # shellcheck disable=SC2086
    if booted; then
        systemctl try-restart 'hushbox*'
        [ -z "$new" ] || systemctl --no-block start $new
    fi
    ;;
apply)
    apply
    ;;
stop)
    if booted; then systemctl stop 'hushbox*' || true; fi
    # shellcheck disable=SC2046
    if has systemctl; then systemctl disable -q $(units) || true; fi
    ;;
*)
    echo "configure: first, again, apply or stop" >&2
    exit 2
    ;;
esac

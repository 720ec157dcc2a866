# Sourced with `python` set and say and fail defined: what pyalsaaudio's and evdev's source builds need. Installed when root, else named.
missing=
command -v cc >/dev/null || command -v gcc >/dev/null || missing="$missing gcc libc6-dev"
[ -e /usr/include/alsa/asoundlib.h ] || missing="$missing libasound2-dev"
"$python" -c 'import ensurepip' 2>/dev/null || missing="$missing python3-venv"
"$python" -c 'import os, sysconfig, sys; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' ||
    missing="$missing python3-dev"
# The tests record what a save asks of the kernel.
[ "${kind:-}" != dev ] || command -v strace >/dev/null || missing="$missing strace"
if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing$missing"
        log=$(mktemp)
        { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing; } >"$log" 2>&1 ||
            { cat "$log" >&2; fail "apt-get could not install$missing"; }
        rm -f "$log"
    else
        fail "these are missing; type: sudo apt-get install$missing"
    fi
fi

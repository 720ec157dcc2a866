#!/bin/sh
# The command `hushbox` of an installed version. Links are followed first: a process stays with the version that it was
# started from, whatever `current` names later.
here=$(readlink -f "$0")
exec "${here%/*}/python" -I -m firmware_app.cli "$@"

#!/bin/sh
# Mount a stick that takes may go to, or let go of it: `stick mount sda1`, `stick unmount sda1`, as root
# (systemd/hushbox-stick@.service). Nothing on it is run, followed or taken for a device, and it is the box's user's.
set -eu
device=/dev/${2:?name the device} folder=${STICKS:-/run/hushbox-sticks}/$2 user=${BOX_USER:-hushbox}

case $1 in
mount)
    # A disk that the system itself lies on is no stick: a board may start from one.
    if findmnt -rn -S "$device" >/dev/null || findmnt -rn --fstab -S "$device" >/dev/null; then exit 0; fi
    disk=$(lsblk -ndo PKNAME "$device")
    if [ -n "$disk" ] && lsblk -nro MOUNTPOINTS "/dev/$disk" | grep -Eq '^/(boot.*|usr.*|var.*)?$'; then exit 0; fi
    options=rw,nosuid,nodev,noexec,nosymfollow,noatime
    kind=$(blkid -p -o value -s TYPE "$device")
    case $kind in
    vfat | exfat) options=$options,uid=$(id -u "$user"),gid=$(id -g "$user"),fmask=0177,dmask=0077 ;;
    ext4) ;;
    *) echo "stick: $device has no file system that takes can go to: $kind" >&2; exit 1 ;;
    esac
    mkdir -p "$folder"
    mount -t "$kind" -o "$options" "$device" "$folder" || { rmdir "$folder"; exit 1; }
    # Where files have owners, the box's user gets a folder of its own. A link of that name leads nowhere (nosymfollow).
    [ "$kind" != ext4 ] || install -d -o "$user" -g "$user" -m 0700 "$folder/hushbox-takes" || true
    ;;
unmount)
    mountpoint -q "$folder" || exit 0
    [ ! -b "$device" ] || sync -f "$folder"
    tries=0
    until umount "$folder" 2>/dev/null; do
        tries=$((tries + 1))
        # Pulled, or a phone still fetches a take: all that was written is on it.
        if [ "$tries" -ge 10 ] || [ ! -b "$device" ]; then umount -l "$folder"; break; fi
        sleep 0.5
    done
    rmdir "$folder"
    ;;
*) echo "stick: mount or unmount?" >&2; exit 2 ;;
esac

#!/bin/sh
# Kernel settings for the sound. hushbox-tune.service runs this as root whenever the sound starts.
#   tune [ROOT]      ROOT: where /proc and /sys are, for tests
# The processor stays at full speed. USB interrupts get a higher priority than the sound, which waits for them, and run on
# core 0, away from the sound.
# It is no fault if a board lacks something or refuses a setting: `hushbox doctor` shows what is in force.
set -u
root=${1:-}
priority=85 # the sound has 70 (firmware_app/running/realtime.py), and what migrates threads has 99
usb='xhci|ehci|ohci|dwc_otg|dwc2|dwc3|xusb'

for governor in "$root"/sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor; do
    if [ -e "$governor" ]; then echo performance >"$governor" || true; fi
done

# "31:  123  0  0  0  GICv2 180 Level  xhci_hcd:usb1": an interrupt behind a PCIe bridge often cannot be moved alone.
for irq in $(grep -iE "$usb" "$root/proc/interrupts" | sed -n 's/^ *\([0-9][0-9]*\):.*/\1/p'); do
    if [ -e "$root/proc/irq/$irq/smp_affinity_list" ]; then
        echo 0 2>/dev/null >"$root/proc/irq/$irq/smp_affinity_list" || true
    fi
done

# With PREEMPT_RT, or threadirqs, each interrupt is a thread, at priority 50: below the sound.
# One grep for all of them: a process for each would be seconds of work on a small board, just when the sound starts.
for comm in $(grep -liE "^irq/.*($usb)" "$root"/proc/[0-9]*/comm 2>/dev/null); do
    pid=${comm%/comm} pid=${pid##*/}
    chrt -f -p "$priority" "$pid" || true
done

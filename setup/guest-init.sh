#!/bin/busybox sh
# The whole of a lab guest. Its disk is the witness: epoch e owns the e-th MiB (2048 sectors of 512 bytes), a record goes
# to sector (counter mod 2048) of it. Each record repeats the last counter of every older epoch as found at boot ("seen"):
# an older copy that writes after this one began shows a higher counter there afterwards.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in $(cat /modules/order); do insmod "/modules/$module.ko"; done
acpid
for word in $(cat /proc/cmdline); do
  case "$word" in understudy.*=*) eval "${word#understudy.}" ;; esac
done
run=$(cat /proc/sys/kernel/random/boot_id)
tail_of() { # last counter in the MiB of epoch $1, or nothing
  dd if=/dev/vda bs=1M skip="$1" count=1 2>/dev/null | tr -d '\0' | sed -n 's/.* counter=\([0-9]*\) .*/\1/p' | sort -n | tail -n 1
}
seen=
older=0
while [ "$older" -lt "$epoch" ]; do
  last=$(tail_of "$older")
  [ -n "$last" ] && seen="$seen$older:$last,"
  older=$((older + 1))
done
counter=$(tail_of "$epoch")
counter=$((${counter:-0} + 1))
echo "understudy guest $vm epoch $epoch on $node is up" > /dev/console
while true; do
  echo "witness vm=$vm epoch=$epoch node=$node run=$run counter=$counter seen=$seen" |
    dd of=/dev/vda bs=512 seek=$((epoch * 2048 + counter % 2048)) conv=sync,notrunc,fsync 2>/dev/null ||
    echo "understudy guest $vm: disk write failed" > /dev/console
  counter=$((counter + 1))
  usleep 180000
done

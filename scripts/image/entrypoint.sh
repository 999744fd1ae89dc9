#!/usr/bin/env bash
# Makes ovmlayer ready, once per container or volume, and runs what it is given.
set -e

state=/opt/ovmlayer
layers=$state/layer_dir

# Layers need control groups of their own.
if [ -d /sys/fs/cgroup ] && [ ! -w /sys/fs/cgroup ]; then
  mount -o remount,rw /sys/fs/cgroup
fi

if [ ! -d "$state" ]; then
  # No volume is mounted there: layers go to a disk in the container.
  ovmlayer setup dev --base-rootfs=/root/rootfs.tar --layer-disk=/root/tmp_overlay_disk
elif [ ! -d "$layers/base_rootfs" ]; then
  ovmlayer setup production --base-rootfs=/root/rootfs.tar
fi

if [ ! -d "$layers/executor" ]; then
  ovmlayer import --rename executor /tmp/executor-layer.tar
fi

mkdir -p /root/.oomol-studio/oocana
printf '{"base_rootfs":["executor"]}\n' >/root/.oomol-studio/oocana/layer.json

exec "$@"

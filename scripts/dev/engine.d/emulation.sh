# Running arm64 programs on another machine: the kernel hands them to qemu, if it was told so.

binfmt=/proc/sys/fs/binfmt_misc
registration=/usr/lib/binfmt.d/qemu-aarch64.conf

# The interpreter must be opened when it is registered (flag F): inside a build's root there is no qemu.
can_run_arm64() {
  [ "$(uname -m)" = aarch64 ] ||
    { grep -qs '^enabled' "$binfmt/qemu-aarch64" && grep -q '^flags:.*F' "$binfmt/qemu-aarch64"; }
}

need_arm64() {
  can_run_arm64 && return 0
  [ -e "$registration" ] || return 1
  [ -e "$binfmt/register" ] || as_root mount -t binfmt_misc binfmt_misc "$binfmt" 2>/dev/null || return 1
  # A registration without F stays in the way of a new one under the same name.
  [ ! -e "$binfmt/qemu-aarch64" ] || as_root sh -c "echo -1 > $binfmt/qemu-aarch64" || return 1
  as_root sh -c "grep -v '^#' $registration > $binfmt/register" 2>/dev/null || return 1
  can_run_arm64
}

# Debian packages, installed only when the command that they bring is missing.

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    return 1
  fi
}

# need_packages COMMAND:PACKAGE…
need_packages() {
  local pair missing=()
  for pair in "$@"; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "missing: ${missing[*]}" "install them with this system's package manager" 4
  say "installing ${missing[*]}"
  { as_root apt-get -qq update && as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get -qq install -y --no-install-recommends "${missing[@]}"; } >"$cache_root/apt.log" 2>&1 9>&- ||
    die "cannot install ${missing[*]}: $(tail -n 1 "$cache_root/apt.log")" \
      "run: apt-get install ${missing[*]} (log: $cache_root/apt.log)" 4
}

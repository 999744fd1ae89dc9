# Where things that outlive a checkout are kept, and how scripts that run at once keep out of each other's way.

cache_root=${XDG_CACHE_HOME:-$HOME/.cache}/llbgen

say() { printf '%s\n' "$*" >&2; }

die() {
  say "error: $1"
  [ -z "${2:-}" ] || say "hint: $2"
  exit "${3:-1}"
}

# Holds the lock NAME until the script ends. Descriptor 9 is closed for long-lived children by `9>&-`.
lock_cache() {
  mkdir -p "$cache_root"
  exec 9>"$cache_root/$1.lock"
  flock 9
}

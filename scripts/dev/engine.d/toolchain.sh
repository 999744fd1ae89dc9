# The compiler that rust-toolchain.toml names, under whatever name rustup has it.

# Takes an installed toolchain of that very version, as `stable` may be, where rustup has none of that name: it would be
# downloaded, or be missing where nothing can be. Where no version fits, rustup says what to do.
use_toolchain() {
  local file version name names
  [ -z "${RUSTUP_TOOLCHAIN:-}" ] && command -v rustup >/dev/null || return 0
  file=$(dirname "${BASH_SOURCE[0]}")/../../../rust-toolchain.toml
  version=$(sed -n 's/^channel = "\(.*\)"$/\1/p' "$file")
  names=$(rustup toolchain list | cut -d ' ' -f 1)
  ! grep -q "^$version-" <<<"$names" || return 0
  for name in $names; do
    case $(rustup run "$name" rustc --version 2>/dev/null) in
      "rustc $version "*)
        export RUSTUP_TOOLCHAIN=$name
        return 0
        ;;
    esac
  done
}

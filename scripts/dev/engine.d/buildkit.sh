# The pinned BuildKit and buildx, built from their Go modules when the machine has none.

buildkit_version=v0.32.2
buildx_version=v0.36.0
engine_bin=$cache_root/engine/$buildkit_version/bin

go_build() {
  command -v go >/dev/null || die "\`go\` is missing, and so is buildkitd" "install Go, or put buildkitd on PATH" 4
  CGO_ENABLED=0 nice go "$@" >>"$cache_root/go.log" 2>&1 9>&- ||
    die "cannot build the engine: $(tail -n 1 "$cache_root/go.log")" "the whole log: $cache_root/go.log"
}

# BuildKit's go.mod has an `exclude`, which `go install module@version` refuses: a module of our own requires it.
build_buildkit() {
  local module flags
  module=$(mktemp -d)
  flags="-s -w -X github.com/moby/buildkit/version.Version=$buildkit_version"
  say "building buildkitd and buildctl $buildkit_version (minutes, once)"
  (
    cd "$module"
    go_build mod init llbgen/engine
    go_build get -tool github.com/moby/buildkit/cmd/{buildctl,buildkitd}@$buildkit_version
    go_build build -trimpath -ldflags "$flags" -o "$module/bin/" github.com/moby/buildkit/cmd/{buildctl,buildkitd}
  )
  mkdir -p "$engine_bin"
  mv "$module"/bin/* "$engine_bin/"
  rm -rf "$module"
}

need_buildkit() {
  [ ! -x "$engine_bin/buildkitd" ] || [ ! -x "$engine_bin/buildctl" ] || return 0
  ! { command -v buildkitd && command -v buildctl; } >/dev/null || return 0
  build_buildkit
}

need_buildx() {
  [ ! -x "$engine_bin/buildx" ] || return 0
  say "building buildx $buildx_version (minutes, once)"
  GOBIN=$engine_bin go_build install -trimpath -ldflags \
    "-s -w -X github.com/docker/buildx/version.Version=$buildx_version" github.com/docker/buildx/cmd/buildx@$buildx_version
}

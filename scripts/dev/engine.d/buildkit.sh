# The pinned BuildKit and buildx, built from their Go modules when the machine has none.

buildkit_version=v0.32.2
buildx_version=v0.36.0
engine_bin=$cache_root/engine/$buildkit_version/bin
oldest_version=v0.17.3
oldest_buildkitd=$cache_root/engine/$oldest_version/bin/buildkitd

# What Go compiles for the engine, and what it downloads where it has no modules yet: gigabytes that nobody reads again.
go_caches=$cache_root/engine/go

go_build() {
  command -v go >/dev/null || die "\`go\` is missing, and so is buildkitd" "install Go, or put buildkitd on PATH" 4
  local modules flags=${GOFLAGS-}
  modules=$(go env GOMODCACHE)
  [ -d "$modules" ] || modules=$go_caches/modules flags+=" -modcacherw"
  CGO_ENABLED=0 GOCACHE=$go_caches/build GOMODCACHE=$modules GOFLAGS=$flags nice go "$@" >>"$cache_root/go.log" 2>&1 9>&- ||
    die "cannot build the engine: $(tail -n 1 "$cache_root/go.log")" "the whole log: $cache_root/go.log"
}

# build_tools VERSION PACKAGE…: BuildKit's go.mod has an `exclude`, which `go install module@version` refuses, so a module
# of our own requires it.
build_tools() {
  local version=$1 module flags
  shift
  module=$(mktemp -d)
  flags="-s -w -X github.com/moby/buildkit/version.Version=$version"
  (
    cd "$module"
    go_build mod init llbgen/engine
    go_build get -tool "${@/%/@$version}"
    go_build build -trimpath -ldflags "$flags" -o "$module/bin/" "$@"
  )
  mkdir -p "$cache_root/engine/$version/bin"
  mv "$module"/bin/* "$cache_root/engine/$version/bin/"
  rm -rf "$module"
}

drop_go_caches() { rm -rf "$go_caches"; }

need_buildkit() {
  [ ! -x "$engine_bin/buildkitd" ] || [ ! -x "$engine_bin/buildctl" ] || return 0
  ! { command -v buildkitd && command -v buildctl; } >/dev/null || return 0
  say "building buildkitd and buildctl $buildkit_version (minutes, once)"
  build_tools "$buildkit_version" github.com/moby/buildkit/cmd/{buildctl,buildkitd}
}

# The oldest daemon that is supported, for the tests of what it can do.
need_oldest_buildkit() {
  [ ! -x "$oldest_buildkitd" ] || return 0
  say "building buildkitd $oldest_version (minutes, once)"
  build_tools "$oldest_version" github.com/moby/buildkit/cmd/buildkitd
}

need_buildx() {
  [ ! -x "$engine_bin/buildx" ] || return 0
  say "building buildx $buildx_version (minutes, once)"
  GOBIN=$engine_bin go_build install -trimpath -ldflags \
    "-s -w -X github.com/docker/buildx/version.Version=$buildx_version" github.com/docker/buildx/cmd/buildx@$buildx_version
}

# The Dockerfile frontend as a program of its own, which the image docker/dockerfile holds: to measure against.
need_dockerfile_frontend() {
  [ ! -x "$engine_bin/dockerfile-frontend" ] || return 0
  say "building the Dockerfile frontend of BuildKit $buildkit_version (once)"
  build_tools "$buildkit_version" github.com/moby/buildkit/frontend/dockerfile/cmd/dockerfile-frontend
}

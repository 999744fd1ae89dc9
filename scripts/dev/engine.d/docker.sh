# A buildkitd in a container, for machines that have Docker.

docker_container=llbgen-buildkitd

has_docker() { command -v docker >/dev/null && docker info >/dev/null 2>&1; }

# Leads llbgen to the container's daemon, unless there is a buildkitd to run without Docker.
use_docker() {
  if command -v buildkitd >/dev/null || [ -n "${BUILDKIT_HOST:-}" ] || ! has_docker; then return 0; fi
  local socket_dir=$cache_root/docker
  mkdir -p "$socket_dir"
  docker start "$docker_container" >/dev/null 2>&1 ||
    docker run --detach --privileged --name "$docker_container" --volume "$socket_dir:/run/buildkit" \
      "moby/buildkit:$buildkit_version" --group "$(id -g)" >/dev/null ||
    die "docker cannot start buildkitd" "see: docker logs $docker_container" 4
  timeout 60 sh -c "until docker exec $docker_container buildctl debug workers; do sleep 0.2; done" >/dev/null 2>&1 ||
    die "buildkitd in docker does not answer" "see: docker logs $docker_container" 4
  export BUILDKIT_HOST=unix://$socket_dir/buildkitd.sock
}

# Whether the registry of an image answers.

# Exit code 0 when it does, with whatever status: only reaching it matters.
can_pull() {
  local host=registry-1.docker.io
  case ${1%%/*} in *.* | *:[0-9]*/*) host=${1%%/*} ;; esac
  need_packages curl:curl
  curl --silent --output /dev/null --max-time 10 "https://$host/v2/"
}

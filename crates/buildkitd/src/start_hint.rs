//! The hint for a user without a daemon: start one in a container and name it.

/// The image that the hint starts: the release that this program is tested with.
pub const CONTAINER_IMAGE: &str = "moby/buildkit:v0.32.2";

/// The name of the container in the hint, which must be equal in the command and in the address.
const CONTAINER_NAME: &str = "llbgen-buildkitd";

/// The commands that start a daemon with Docker or Podman, and the `--addr` that goes with each.
///
/// Podman gets the full image name, since it has no default registry.
pub fn start_hint() -> String {
    format!(
        "start a daemon and name it:\n  \
         docker run -d --privileged --name {CONTAINER_NAME} {CONTAINER_IMAGE}\n  \
         llbgen build --addr docker-container://{CONTAINER_NAME} …\n\
         or\n  \
         podman run -d --privileged --name {CONTAINER_NAME} docker.io/{CONTAINER_IMAGE}\n  \
         llbgen build --addr podman-container://{CONTAINER_NAME} …\n\
         or install `buildkitd` and `runc`, and have them on PATH"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_names_both_engines_and_their_addresses() {
        let hint = start_hint();
        for part in [
            "docker run -d --privileged --name llbgen-buildkitd moby/buildkit:v",
            "--addr docker-container://llbgen-buildkitd",
            "podman run -d --privileged --name llbgen-buildkitd docker.io/moby/buildkit:v",
            "--addr podman-container://llbgen-buildkitd",
        ] {
            assert!(hint.contains(part), "no `{part}` in:\n{hint}");
        }
    }
}

//! The next step when a tag cannot be moved: it depends on what the tag was to name.

use engine::{Naming, TagError, Trouble};

pub(super) fn hint(error: &TagError) -> String {
    match error.trouble() {
        Some(Trouble::Unreachable) => unreachable(error.naming),
        Some(Trouble::Refused) => refused(error),
        _ => not_allowed(error),
    }
}

/// Only the daemon reaches the registry. It moves the tags of whole images, and those alone.
fn unreachable(naming: Naming) -> String {
    let (what, instead) = match naming {
        Naming::Image | Naming::Platform => (
            "to name single platforms",
            "push without those names with `--tag`",
        ),
        Naming::Part | Naming::OtherPart | Naming::Joined => (
            "to name platforms that are pushed one by one",
            "push all platforms in one call, without `--platform`, and with `--tag`, so that the daemon moves the tags",
        ),
    };
    format!(
        "the daemon reaches the registry, and this command must, too, {what}: look at its proxies and \
         `--registry-insecure`, or {instead}"
    )
}

/// The hint where the registry says why; the tag may be one that it never moves.
fn refused(
    TagError {
        naming,
        name,
        digest,
        ..
    }: &TagError,
) -> String {
    let immutable = "a registry may let no tag name another image";
    match naming {
        Naming::Image => format!(
            "{immutable}: choose another tag with `--tag`, or move this one yourself, to `{digest}`"
        ),
        Naming::Platform | Naming::Joined => {
            format!("{immutable}: choose another tag with `--tag`, or remove `{name}` there")
        }
        // Its tag is made of the image's id: the image there was built from the same inputs, but has other bytes.
        Naming::Part | Naming::OtherPart => format!(
            "{immutable}: remove `{name}` there, or push all platforms in one call, without `--platform`"
        ),
    }
}

fn not_allowed(TagError { naming, digest, .. }: &TagError) -> String {
    let login = "log in with `docker login`, as someone who may push";
    match naming {
        Naming::Image => format!("{login}; or move the tag yourself, to `{digest}`"),
        Naming::OtherPart => {
            "log in with `docker login`, as someone who may pull and push".to_owned()
        }
        Naming::Platform | Naming::Part | Naming::Joined => login.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use engine::RemoteProblem;

    use super::*;

    const ALL: [Naming; 5] = [
        Naming::Image,
        Naming::Platform,
        Naming::Part,
        Naming::OtherPart,
        Naming::Joined,
    ];

    fn hint_for(naming: Naming, trouble: Trouble) -> String {
        hint(&TagError {
            name: "r/a:1".to_owned(),
            digest: "sha256:1".to_owned(),
            naming,
            others: Vec::new(),
            problem: RemoteProblem::Server {
                trouble: Some(trouble),
                message: String::new(),
            }
            .into(),
        })
    }

    #[test]
    fn only_a_tag_of_what_was_pushed_can_be_moved_by_hand() {
        for naming in ALL {
            for trouble in [Trouble::Refused, Trouble::Missing] {
                let hint = hint_for(naming, trouble);
                let is_movable = hint.contains("yourself, to `sha256:1`");
                assert_eq!(is_movable, naming == Naming::Image, "{naming:?}: {hint}");
            }
        }
    }

    #[test]
    fn a_part_that_only_the_daemon_could_push_is_pushed_with_the_others() {
        for naming in ALL {
            let is_part = !matches!(naming, Naming::Image | Naming::Platform);
            let hint = hint_for(naming, Trouble::Unreachable);
            assert!(hint.contains("proxies"), "{hint}");
            assert_eq!(hint.contains("without `--platform`"), is_part, "{hint}");
        }
    }
}

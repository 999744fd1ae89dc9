//! The next step when a source cannot be had: each kind of source has its own servers and logins.

use engine::{SourceKind, Trouble};

use crate::failure::Exit;

/// The hint for trouble that goes away by itself.
pub(crate) const AGAIN: &str = "this may well go away: run it again";

/// The exit code for a trouble.
pub(crate) fn exit(trouble: Option<Trouble>) -> Exit {
    match trouble {
        Some(Trouble::Unreachable) => Exit::Unreachable,
        Some(Trouble::Transient) => Exit::Transient,
        Some(Trouble::Missing | Trouble::Refused) | None => Exit::Failed,
    }
}

/// The next step when the server of a source refuses.
pub(crate) fn refused(kind: SourceKind, name: &str, trouble: Option<Trouble>) -> String {
    let typing_error = format!("look for a typing error in `{name}`");
    match (kind, trouble) {
        (_, Some(Trouble::Refused)) => typing_error,
        (SourceKind::Image, _) => format!("{typing_error}, or log in with `docker login`"),
        (SourceKind::Download, _) => {
            format!("{typing_error}: its server has nothing there, or not for everybody")
        }
        (SourceKind::Git, Some(Trouble::Missing)) => format!(
            "{typing_error}; a private repository needs a token: `--secret id=GIT_AUTH_TOKEN,src=FILE` or \
             `--secret id=GIT_AUTH_TOKEN,env=VARIABLE`"
        ),
        (SourceKind::Git, _) => typing_error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_registries_take_the_login_of_docker() {
        let troubles = [None, Some(Trouble::Missing), Some(Trouble::Refused)];
        for trouble in troubles {
            for kind in [SourceKind::Download, SourceKind::Git] {
                let hint = refused(kind, "x", trouble);
                assert!(!hint.contains("docker login"), "{hint}");
            }
        }
        let image = refused(SourceKind::Image, "x", Some(Trouble::Missing));
        assert!(image.contains("docker login"), "{image}");
        let git = refused(SourceKind::Git, "x", Some(Trouble::Missing));
        assert!(git.contains("--secret id=GIT_AUTH_TOKEN,"), "{git}");
    }
}

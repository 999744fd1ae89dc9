//! The exit code and the hint of each kind of error.

use std::io;

use buildkit_client::ConnectError;
use catalog::{
    BaseError, CatalogError, FileError, ImageKey, LockError, PlanError, PlanProblem, SelectError,
    listed,
};
use engine::{
    EngineError, InputError, LayoutError, LayoutProblem, LockFileError, MissingContexts, NameError,
    Needed, NotPinned, OutputError, RemoteProblem, Trouble, doctor,
    resolve::{ResolveError, ResolveProblem},
};

use super::{Exit, Failure};
use crate::source_hint;

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        if let ConnectError::Tls(_) = error {
            // Flags that contradict each other, or files that are not what they should be.
            return Self::new(Exit::Usage, error);
        }
        let hint = doctor::next_step(&error);
        Self::new(Exit::Unreachable, error).with_hint(hint)
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Select(error) => error.into(),
            EngineError::Input(error) => error.into(),
            EngineError::Base(error) => error.into(),
            EngineError::Plan(error) => error.into(),
            EngineError::Lock(error) => error.into(),
            EngineError::Name(error) => error.into(),
            EngineError::Contexts(error) => error.into(),
            EngineError::NotPinned(error) => error.into(),
            EngineError::Unresolved(error) => error.into(),
            EngineError::Needed(error) => error.into(),
            EngineError::GivenUp(error) => Self::new(Exit::Failed, error),
            EngineError::StillNotPinned { .. } => Self::new(Exit::Transient, error)
                .with_hint("run `llbgen lock` when they have ended"),
            EngineError::NoWhole(error) => Self::from(*error).with_hint(
                "the id of an image is of all its platforms, whichever are asked for: it needs the files of all of them",
            ),
            EngineError::Twice(first, later) => Self::from(*first).followed_by((*later).into()),
            error => Self::new(Exit::Catalog, error),
        }
    }
}

impl From<MissingContexts> for Failure {
    fn from(missing: MissingContexts) -> Self {
        let hint = Some(missing.hint());
        Self {
            exit: Exit::Usage,
            errors: missing.lines().map(Into::into).collect(),
            hint,
        }
    }
}

impl From<NotPinned> for Failure {
    fn from(not_pinned: NotPinned) -> Self {
        Self {
            exit: Exit::Catalog,
            errors: not_pinned.lines().map(Into::into).collect(),
            hint: Some("`llbgen lock` asks what it stands for, and writes it down".to_owned()),
        }
    }
}

impl From<NameError> for Failure {
    fn from(error: NameError) -> Self {
        let hint = match &error {
            NameError::Catalog(_) => return Self::new(Exit::Catalog, error),
            NameError::NoRepository { .. } => {
                "name one with `--registry PREFIX`, such as `ghcr.io/OWNER`"
            }
            NameError::OneName { .. } => {
                "choose one of them, with `--set` where it is a value of an axis, or leave out `--tag`: what the catalog \
                 names an image by tells it apart"
            }
            NameError::TagOfOnePlatform { .. } => {
                "choose one with `--platform`, or name an archive for each with `-o type=oci,dest=FILE-{arch}.tar`"
            }
            NameError::Reference(_) | NameError::Tag { .. } => {
                return Self::new(Exit::Usage, error);
            }
        };
        Self::new(Exit::Usage, error).with_hint(hint)
    }
}

impl From<Needed> for Failure {
    fn from(needed: Needed) -> Self {
        let hint = match &needed {
            Needed::Secrets { ids } => {
                let id = ids.first().map_or("ID", String::as_str);
                format!("add `--secret id={id},src=FILE` or `--secret id={id},env=VARIABLE`")
            }
            Needed::Agent { id } => format!(
                "add `--ssh {id}` for the agent that SSH_AUTH_SOCK names, or `--ssh {id}=SOCKET`"
            ),
        };
        Self::new(Exit::Usage, needed).with_hint(hint)
    }
}

/// A reference that cannot be resolved.
impl From<ResolveError> for Failure {
    fn from(error: ResolveError) -> Self {
        let trouble = error.trouble();
        let (exit, hint) = match (trouble, &error.problem) {
            (Some(Trouble::Unreachable), _) => (
                Exit::Unreachable,
                format!(
                    "can whoever asks, the daemon or else this machine, reach the host of `{}`?",
                    error.name
                ),
            ),
            (Some(Trouble::Transient), _) => (Exit::Transient, source_hint::AGAIN.to_owned()),
            (
                _,
                ResolveProblem::Remote(RemoteProblem::Platform { .. })
                | ResolveProblem::NoPlatform { .. },
            ) => (
                Exit::Catalog,
                "declare the artifact for fewer platforms, or choose another base".to_owned(),
            ),
            _ => (
                source_hint::exit(trouble),
                source_hint::refused(error.kind, &error.name, trouble),
            ),
        };
        Self::new(exit, error).with_hint(hint)
    }
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        match error {
            InputError::Lock(error) => Self::from(error),
            InputError::Layout(error) => Self::from(error),
            error => Self::new(Exit::Catalog, error),
        }
    }
}

impl From<LayoutError> for Failure {
    fn from(error: LayoutError) -> Self {
        let (LayoutProblem::NoTag { valid, .. } | LayoutProblem::NoDigest { valid, .. }) =
            &error.problem
        else {
            return Self::new(Exit::Catalog, error);
        };
        let hint = if valid.is_empty() {
            "it names none; add `@` and the digest of an image".to_owned()
        } else {
            format!("it has {}", listed(valid))
        };
        Self::new(Exit::Usage, error).with_hint(hint)
    }
}

impl From<LockFileError> for Failure {
    fn from(error: LockFileError) -> Self {
        let is_broken = matches!(
            &error,
            LockFileError::Content {
                source: LockError::Malformed { .. } | LockError::NotText,
                ..
            }
        );
        let exit = match &error {
            LockFileError::Write { .. } => Exit::Failed,
            _ => Exit::Catalog,
        };
        let failure = Self::new(exit, error);
        if is_broken {
            failure.with_hint(
                "mend it, take it from version control, or remove it and run `llbgen lock`",
            )
        } else {
            failure
        }
    }
}

impl From<OutputError> for Failure {
    fn from(error: OutputError) -> Self {
        Self::new(Exit::Failed, error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(Exit::Failed, error)
    }
}

impl From<CatalogError> for Failure {
    fn from(error: CatalogError) -> Self {
        Self::new(Exit::Catalog, error)
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::new(Exit::Catalog, error)
    }
}

impl From<SelectError> for Failure {
    fn from(error: SelectError) -> Self {
        let hint = match &error {
            SelectError::Nothing { valid } if valid.is_empty() => {
                "there is no artifact; `llbgen new image NAME` adds one".to_owned()
            }
            SelectError::Nothing { valid } => format!("name one of {}, or `all`", listed(valid)),
            SelectError::UnknownArtifact { .. } | SelectError::NoMatch { .. } => {
                format!("{}; see `llbgen list`", error.valid_ones())
            }
            SelectError::UndeclaredPlatform { artifact, .. } => {
                format!("{}; see `llbgen show {artifact}`", error.valid_ones())
            }
            _ => error.valid_ones(),
        };
        Self::new(Exit::Usage, error).with_hint(hint)
    }
}

impl From<BaseError> for Failure {
    fn from(error: BaseError) -> Self {
        let (exit, hint) = on_base(&error);
        Self {
            hint,
            ..Self::new(exit, error)
        }
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        let (exit, hint) = match &*error.reason {
            PlanProblem::Base(error) => on_base(error),
            _ => (Exit::Catalog, None),
        };
        Self {
            hint,
            ..Self::new(exit, error)
        }
    }
}

/// The exit code and the hint: an error on the command line is usage; the rest is in a file.
fn on_base(error: &BaseError) -> (Exit, Option<String>) {
    match error {
        BaseError::UnknownContext { valid, .. } => {
            let hint = format!("`--build-context` can replace {}", listed(valid));
            (Exit::Usage, (!valid.is_empty()).then_some(hint))
        }
        BaseError::Directory { .. } => {
            let hint = "give docker-image://REF, oci-layout://DIR, or a root filesystem tar";
            (Exit::Usage, Some(hint.to_owned()))
        }
        BaseError::NoImageFor { valid, .. } => {
            (Exit::Usage, Some(format!("it is for {}", listed(valid))))
        }
        BaseError::NoTarFor { valid, .. } => (
            Exit::Usage,
            Some(format!("it has one for {}", listed(valid))),
        ),
        BaseError::TwoContexts { .. } => (Exit::Usage, None),
        BaseError::OtherDigest { key, .. } => (Exit::Catalog, Some(other_digest(key))),
        _ => (Exit::Catalog, None),
    }
}

fn other_digest(key: &ImageKey) -> String {
    format!("`llbgen update {key}` pins the digest that is written there")
}

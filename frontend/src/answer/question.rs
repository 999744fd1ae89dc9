//! The questions, by the names that BuildKit's clients have for them (`frontend/subrequests`).

use crate::error::FrontendError;

/// The key of the answer for programs.
pub(super) const JSON: &str = "result.json";
/// The key of the answer for people: clients print it when they do not know the JSON.
pub(super) const TEXT: &str = "result.txt";
/// The key of a client's exit status.
pub(super) const STATUS: &str = "result.statuscode";
/// The key of the JSON's version. A client that knows only older versions prints the text.
pub(super) const VERSION: &str = "version";

/// A question that can be asked instead of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// What can be asked?
    Describe,
    /// What does a target take?
    Outline,
    /// What targets are there?
    Targets,
    /// What is wrong?
    Lint,
    /// What is the graph?
    Convert,
}

impl Question {
    pub(super) const ALL: [Self; 5] = [
        Self::Outline,
        Self::Targets,
        Self::Lint,
        Self::Convert,
        Self::Describe,
    ];

    /// The question of that name.
    pub(super) fn named(name: &str) -> Result<Self, FrontendError> {
        // The short form that `--call describe` asks for.
        if name == "frontend.describe" {
            return Ok(Self::Describe);
        }
        let mut all = Self::ALL.into_iter();
        let question = all.find(|question| question.name() == name);
        question.ok_or_else(|| FrontendError::UnknownQuestion {
            name: name.to_owned(),
            valid: Self::ALL.map(|question| question.name().to_owned()).into(),
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Describe => "frontend.subrequests.describe",
            Self::Outline => "frontend.outline",
            Self::Targets => "frontend.targets",
            Self::Lint => "frontend.lint",
            Self::Convert => "frontend.convertllb",
        }
    }

    /// The version of the JSON: that of BuildKit v0.32.
    pub(super) fn version(self) -> &'static str {
        match self {
            Self::Convert => "0.1.0",
            _ => "1.0.0",
        }
    }

    /// The content of the answer, as a phrase.
    pub(super) fn description(self) -> &'static str {
        match self {
            Self::Describe => "What can be asked instead of a build",
            Self::Outline => "The build arguments, secrets and ssh agents that a target takes",
            Self::Targets => "The artifacts that can be built",
            Self::Lint => "What is wrong with a target, found without building it",
            Self::Convert => "The graph of a target for one platform",
        }
    }

    /// The options that count for the question.
    pub(super) fn options(self) -> &'static [(&'static str, &'static str)] {
        const TARGET: (&str, &str) = ("target", "The artifact");
        const PLATFORM: (&str, &str) = ("platform", "The platform; the daemon's own by default");
        const PLATFORMS: (&str, &str) = ("platform", "The platforms; all declared ones by default");
        match self {
            Self::Describe | Self::Targets => &[],
            Self::Outline | Self::Convert => &[TARGET, PLATFORM],
            Self::Lint => &[TARGET, PLATFORMS],
        }
    }

    /// The keys of its answer, besides the version.
    pub(super) fn entries(self) -> &'static [&'static str] {
        match self {
            Self::Lint => &[JSON, TEXT, STATUS],
            _ => &[JSON, TEXT],
        }
    }
}

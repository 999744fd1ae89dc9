//! The types of listings in JSON. A program that reads one looks at its version first: a field that changes its meaning, or
//! goes, changes the version; one that is added does not.

use engine::doctor::Finding;
use serde::Serialize;

/// The listing of `doctor`.
#[derive(Serialize)]
pub(crate) struct Checked<'a> {
    version: u32,
    findings: Vec<CheckedThing<'a>>,
}

#[derive(Serialize)]
struct CheckedThing<'a> {
    /// `daemon`, `registry`, `catalog` or `output`.
    subject: &'static str,
    /// The host of a registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    check: &'static str,
    /// `ok`, `warning`, `problem` or `skipped`.
    state: &'static str,
    text: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    causes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

impl<'a> Checked<'a> {
    const VERSION: u32 = 1;

    pub(crate) fn of(findings: &'a [Finding]) -> Self {
        Self {
            version: Self::VERSION,
            findings: findings.iter().map(CheckedThing::of).collect(),
        }
    }
}

impl<'a> CheckedThing<'a> {
    fn of(finding: &'a Finding) -> Self {
        Self {
            subject: finding.subject.kind(),
            host: finding.subject.host(),
            check: finding.check.as_str(),
            state: finding.state.as_str(),
            text: &finding.text,
            causes: &finding.causes,
            next: finding.next.as_deref(),
        }
    }
}

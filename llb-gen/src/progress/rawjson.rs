//! `--progress rawjson`: BuildKit's own status messages, a JSON object a line, with the variant beside them; failures
//! and warnings have lines of their own.

use std::{collections::BTreeMap, io::Write};

use anstream::adapter::strip_str;
use buildkit_client::Progress;
use catalog::{VariableName, Variant};
use engine::Event;
use serde::Serialize;

use super::Renderer;
use crate::failure::told_at_once;

pub(super) struct RawJson<W> {
    out: W,
}

/// The variant that a line is about, as the metadata file has it.
#[derive(Serialize)]
struct About<'a> {
    artifact: &'a str,
    platform: String,
    /// The values of axes and options.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    values: &'a BTreeMap<VariableName, String>,
}

impl<'a> From<&'a Variant> for About<'a> {
    fn from(variant: &'a Variant) -> Self {
        Self {
            artifact: variant.artifact.as_str(),
            platform: variant.platform.to_string(),
            values: &variant.values,
        }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    /// A status message as `buildctl --progress=rawjson` prints it.
    Status {
        #[serde(flatten)]
        about: About<'a>,
        #[serde(flatten)]
        progress: &'a Progress,
    },
    /// A variant that failed while the others are built on. It is told here with its lines, and at the end without
    /// them.
    Failed {
        #[serde(flatten)]
        about: About<'a>,
        failure: String,
    },
    Warning {
        warning: &'a str,
    },
}

impl<W: Write> RawJson<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write> Renderer for RawJson<W> {
    fn show(&mut self, event: &Event) {
        let line = match event {
            Event::Progress { variant, progress } => Line::Status {
                about: About::from(variant.as_ref()),
                progress,
            },
            Event::Failed(failure) => {
                let told = told_at_once(failure);
                Line::Failed {
                    about: About::from(failure.variant.as_ref()),
                    failure: strip_str(told.trim_end()).to_string(),
                }
            }
            Event::Warning(warning) => Line::Warning { warning },
            Event::Notice(_) => return,
        };
        let line =
            serde_json::to_string(&line).expect("progress is made of text, numbers and lists");
        // Where stderr is gone, there is no reader left.
        let _ = writeln!(self.out, "{line}");
    }

    fn end(&mut self) {}
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use buildkit_client::{
        BuildFailure, Code, FailureSource, SolveError, SourcePosition, SourceRange,
    };
    use catalog::{Artifact, Catalog, Request};
    use engine::{FailureReason, VariantFailure};

    use super::*;

    #[test]
    fn a_failure_is_told_with_its_lines() {
        let catalog = Catalog::new().artifact(Artifact::rootfs("plain", "debian:12"));
        let request = Request {
            artifacts: vec!["all".into()],
            platforms: vec!["linux/amd64".parse().unwrap()],
            ..Request::default()
        };
        let variant = catalog.check().unwrap().select(&request).unwrap().remove(0);
        let at = |line| SourcePosition { line, character: 0 };
        let source = FailureSource {
            filename: "install.sh".to_owned(),
            data: b"false\n".to_vec(),
            ranges: vec![SourceRange {
                start: at(1),
                end: at(1),
            }],
        };
        let failure = BuildFailure {
            code: Code::Unknown,
            message: "exit code: 1".to_owned(),
            vertex: None,
            exit_code: Some(1),
            sources: vec![source],
        };
        let mut raw = RawJson::new(Vec::new());
        raw.show(&Event::Failed(Arc::new(VariantFailure {
            variant: Arc::new(variant),
            step: None,
            reason: FailureReason::Solve(SolveError::Build(Box::new(failure))),
        })));
        let line: serde_json::Value = serde_json::from_slice(&raw.out).unwrap();
        assert_eq!(line["artifact"], "plain");
        let told = line["failure"].as_str().unwrap();
        assert!(told.contains(">>> 1 | false"), "{told}");
    }

    #[test]
    fn lines_tell_the_variants_of_an_artifact_apart() {
        let plain = Artifact::rootfs("plain", "debian:12");
        let tools = Artifact::rootfs("tools", "debian:12")
            .axis("l10n", ["en_US", "zh_CN"])
            .output("{arch}-{l10n}.tar");
        let catalog = Catalog::new().artifact(plain).artifact(tools);
        let catalog = catalog.check().unwrap();
        let request = Request {
            artifacts: vec!["all".into()],
            platforms: vec!["linux/amd64".parse().unwrap()],
            ..Request::default()
        };
        let mut raw = RawJson::new(Vec::new());
        for variant in catalog.select(&request).unwrap() {
            raw.show(&Event::Progress {
                variant: Arc::new(variant),
                progress: Progress::default(),
            });
        }
        let starts: Vec<String> = String::from_utf8(raw.out)
            .unwrap()
            .lines()
            .map(|line| {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                format!(
                    "{} {} {}",
                    line["artifact"], line["platform"], line["values"]
                )
            })
            .collect();
        assert_eq!(
            starts,
            [
                r#""plain" "linux/amd64" null"#,
                r#""tools" "linux/amd64" {"l10n":"en_US"}"#,
                r#""tools" "linux/amd64" {"l10n":"zh_CN"}"#,
            ]
        );
    }
}

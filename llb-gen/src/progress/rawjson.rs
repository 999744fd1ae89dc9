//! `--progress rawjson`: BuildKit's own status messages, a JSON object a line, with the variant beside them.

use std::{collections::BTreeMap, io::Write};

use buildkit_client::Progress;
use catalog::VariableName;
use fleet::Event;
use serde::Serialize;

use super::Renderer;

pub(super) struct RawJson<W> {
    out: W,
}

/// A status message as `buildctl --progress=rawjson` prints it, and the variant that it belongs to.
#[derive(Serialize)]
struct Line<'a> {
    artifact: &'a str,
    platform: String,
    /// The values of axes and options, as the metadata file has them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    values: &'a BTreeMap<VariableName, String>,
    #[serde(flatten)]
    progress: &'a Progress,
}

impl<W: Write> RawJson<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write> Renderer for RawJson<W> {
    fn show(&mut self, event: &Event) {
        if let Event::Progress { variant, progress } = event {
            let line = Line {
                artifact: variant.artifact.as_str(),
                platform: variant.platform.to_string(),
                values: &variant.values,
                progress,
            };
            let line =
                serde_json::to_string(&line).expect("progress is made of text, numbers and lists");
            // Where stderr is gone there is nobody left to tell.
            let _ = writeln!(self.out, "{line}");
        }
    }

    fn end(&mut self) {}
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use catalog::{Artifact, Catalog, Request};

    use super::*;

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

//! The lock as a BuildKit source policy, for builds without llbgen.

use std::collections::BTreeMap;

use buildkit_llb::{Http, ImageRef, SourceContent};
use serde::Serialize;

use super::Lock;

/// A source policy as `buildctl build --source-policy-file` and `EXPERIMENTAL_BUILDKIT_SOURCE_POLICY` read it: the
/// JSON of BuildKit's `sourcepolicy/pb.Policy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourcePolicy {
    version: u32,
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Rule {
    action: &'static str,
    selector: Selector,
    updates: Update,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Selector {
    identifier: String,
    match_type: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Update {
    identifier: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attrs: BTreeMap<String, String>,
}

impl Lock {
    /// The pins of images and downloads as a source policy. Git refs have no rule: a Dockerfile can name a repository
    /// in more ways than a rule can match.
    pub fn source_policy(&self) -> SourcePolicy {
        let images = self.image.iter().filter_map(|(key, pin)| {
            let image: ImageRef = key.as_str().parse().ok()?;
            // A reference with its digest needs no rule.
            image.tag()?;
            let pinned = image.clone().with_digest(pin.digest().clone());
            let updates = Update {
                identifier: format!("docker-image://{pinned}"),
                attrs: BTreeMap::new(),
            };
            Some(convert(format!("docker-image://{image}"), updates))
        });
        let downloads = self.http.iter().filter_map(|(url, pin)| {
            let source = Http::new(url.as_str()).checksum(pin.checksum.0.clone());
            let SourceContent {
                identifier, attrs, ..
            } = SourceContent::of(&source.state())?;
            Some(convert(url.clone(), Update { identifier, attrs }))
        });
        SourcePolicy {
            version: 1,
            rules: images.chain(downloads).collect(),
        }
    }
}

fn convert(identifier: String, updates: Update) -> Rule {
    Rule {
        action: "CONVERT",
        selector: Selector {
            identifier,
            match_type: "EXACT",
        },
        updates,
    }
}

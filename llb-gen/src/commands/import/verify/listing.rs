//! What was compared, as JSON.

use std::collections::BTreeMap;

use engine::Difference;
use serde::Serialize;

use super::{
    config::Part,
    report::{Comparison, Layers, Outcome, Verdict},
};

/// All that `--verify` found.
#[derive(Serialize)]
pub(super) struct Listing<'a> {
    version: u32,
    images: Vec<Row<'a>>,
    /// Not there unless several images were compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    layers: Option<Layers>,
}

/// An image for a platform.
#[derive(Serialize)]
struct Row<'a> {
    /// The name of the target in the file that was imported, or of the artifact.
    target: &'a str,
    /// The Dockerfile, below the catalog's directory; not there for one that stands in the file that was imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    artifact: &'a str,
    platform: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    values: &'a BTreeMap<String, String>,
    state: State,
    /// The number of paths on both sides together; not there without a comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    paths: Option<usize>,
    differences: Differences<'a>,
    /// Why nothing was compared, for each side that is to blame.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    reasons: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Equal,
    Different,
    NotCompared,
}

#[derive(Default, Serialize)]
struct Differences<'a> {
    files: Vec<FileRow<'a>>,
    config: Vec<ConfigRow<'a>>,
}

/// A path that is in one image alone, or differs.
#[derive(Serialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
enum FileRow<'a> {
    /// In the catalog's image alone.
    Added { path: String, below: usize },
    /// In the Dockerfile's image alone.
    Missing { path: String, below: usize },
    /// In both.
    Changed {
        path: String,
        aspects: Vec<AspectRow<'a>>,
    },
}

#[derive(Serialize)]
struct AspectRow<'a> {
    name: &'static str,
    catalog: &'a str,
    dockerfile: &'a str,
}

/// A part of the config; `null` on the side that does not have it.
#[derive(Serialize)]
struct ConfigRow<'a> {
    name: &'a str,
    catalog: Option<&'a str>,
    dockerfile: Option<&'a str>,
}

impl<'a> Listing<'a> {
    /// As of all versioned listings: see [`crate::listing`].
    const VERSION: u32 = 1;

    pub(super) fn of(verdicts: &'a [Verdict], layers: Option<Layers>) -> Self {
        Self {
            version: Self::VERSION,
            images: verdicts.iter().map(Row::of).collect(),
            layers,
        }
    }
}

impl<'a> Row<'a> {
    fn of(verdict: &'a Verdict) -> Self {
        let state = match &verdict.outcome {
            Outcome::NotCompared(_) => State::NotCompared,
            Outcome::Compared(compared) if compared.is_equal() => State::Equal,
            Outcome::Compared(_) => State::Different,
        };
        let (compared, reasons): (Option<&Comparison>, &[String]) = match &verdict.outcome {
            Outcome::Compared(compared) => (Some(compared), &[]),
            Outcome::NotCompared(reasons) => (None, reasons),
        };
        Self {
            target: &verdict.target,
            file: verdict.file.as_deref(),
            artifact: &verdict.artifact,
            platform: &verdict.platform,
            values: &verdict.values,
            state,
            paths: compared.map(|compared| compared.paths),
            differences: compared.map(Differences::of).unwrap_or_default(),
            reasons,
        }
    }
}

impl<'a> Differences<'a> {
    fn of(compared: &'a Comparison) -> Self {
        Self {
            files: compared.files.iter().map(FileRow::of).collect(),
            config: compared.config.iter().map(ConfigRow::of).collect(),
        }
    }
}

impl<'a> FileRow<'a> {
    fn of(difference: &'a Difference) -> Self {
        match difference {
            Difference::Added { path, below } => Self::Added {
                path: path.to_string(),
                below: *below,
            },
            Difference::Missing { path, below } => Self::Missing {
                path: path.to_string(),
                below: *below,
            },
            Difference::Changed { path, aspects } => Self::Changed {
                path: path.to_string(),
                aspects: aspects
                    .iter()
                    .map(|aspect| AspectRow {
                        name: aspect.name,
                        catalog: &aspect.first,
                        dockerfile: &aspect.second,
                    })
                    .collect(),
            },
        }
    }
}

impl<'a> ConfigRow<'a> {
    fn of(part: &'a Part) -> Self {
        Self {
            name: &part.name,
            catalog: part.ours.as_deref(),
            dockerfile: part.theirs.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::{Aspect, EntryPath};
    use serde_json::json;

    use super::*;

    fn verdict(outcome: Outcome) -> Verdict {
        Verdict {
            target: "app".to_owned(),
            file: Some("app/Dockerfile".to_owned()),
            artifact: "image".to_owned(),
            platform: "linux/amd64".to_owned(),
            values: BTreeMap::from([("l10n".to_owned(), "en".to_owned())]),
            outcome,
        }
    }

    fn compared(files: Vec<Difference>, config: Vec<Part>) -> Verdict {
        verdict(Outcome::Compared(Comparison {
            paths: 3,
            files,
            config,
            layers: [vec!["a".to_owned()], vec!["b".to_owned()]],
        }))
    }

    #[test]
    fn each_image_has_its_state_and_all_differences() {
        let path = |text| EntryPath::try_new(text).unwrap();
        let aspect = Aspect {
            name: "mode",
            first: "0644".to_owned(),
            second: "0755".to_owned(),
        };
        let files = vec![
            Difference::Missing {
                path: path("b"),
                below: 2,
            },
            Difference::Changed {
                path: path("c"),
                aspects: vec![aspect],
            },
        ];
        let part = Part {
            name: "User".to_owned(),
            ours: None,
            theirs: Some("\"b\"".to_owned()),
        };
        let verdicts = [
            compared(Vec::new(), Vec::new()),
            compared(files, vec![part]),
            verdict(Outcome::NotCompared(vec!["no".to_owned()])),
        ];
        let listing = Listing::of(&verdicts, Layers::of(&verdicts));
        let found = serde_json::to_value(listing).unwrap();
        assert_eq!(found["version"], 1);
        let states = ["equal", "different", "not-compared"];
        for (image, state) in found["images"].as_array().unwrap().iter().zip(states) {
            assert_eq!(image["state"], state);
            assert_eq!(image["file"], "app/Dockerfile");
            assert_eq!(image["values"], json!({ "l10n": "en" }));
        }
        let none = json!({ "files": [], "config": [] });
        assert_eq!(found["images"][0]["differences"], none);
        assert_eq!(
            found["images"][1]["differences"],
            json!({
                "files": [
                    { "change": "missing", "path": "b", "below": 2 },
                    {
                        "change": "changed",
                        "path": "c",
                        "aspects": [{ "name": "mode", "catalog": "0644", "dockerfile": "0755" }],
                    },
                ],
                "config": [{ "name": "User", "catalog": null, "dockerfile": "\"b\"" }],
            })
        );
        assert_eq!(found["images"][2]["reasons"], json!(["no"]));
        assert!(found["images"][2].get("paths").is_none());
        let side = json!({ "different": 1, "shared": 1 });
        let layers = json!({ "images": 2, "catalog": side, "dockerfiles": side });
        assert_eq!(found["layers"], layers);
    }
}

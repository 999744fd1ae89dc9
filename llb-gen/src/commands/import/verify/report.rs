//! What was compared, as text.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write as _},
};

use engine::Difference;
use serde::Serialize;

use super::config::Part;
use crate::terminal::plain;

/// The most differences of a target that are printed.
const MOST: usize = 40;

/// A target on a platform, compared or not.
#[derive(Debug)]
pub(super) struct Verdict {
    /// The name of the target in the file that was imported, or of the artifact.
    pub(super) target: String,
    /// The Dockerfile, below the catalog's directory; `None` for one that stands in the file that was imported.
    pub(super) file: Option<String>,
    /// The artifact of the catalog.
    pub(super) artifact: String,
    pub(super) platform: String,
    /// The values on the artifact's axes.
    pub(super) values: BTreeMap<String, String>,
    pub(super) outcome: Outcome,
}

#[derive(Debug)]
pub(super) enum Outcome {
    Compared(Comparison),
    /// Why there was nothing to compare, for each side that is to blame.
    NotCompared(Vec<String>),
}

/// Two images that were compared.
#[derive(Debug)]
pub(super) struct Comparison {
    /// The number of paths on both sides together.
    pub(super) paths: usize,
    pub(super) files: Vec<Difference>,
    pub(super) config: Vec<Part>,
    /// The layers of the catalog's image, and of the Dockerfile's.
    pub(super) layers: [Vec<String>; 2],
}

impl Verdict {
    /// Whether both sides were compared, and no difference was found.
    pub(super) fn is_equal(&self) -> bool {
        match &self.outcome {
            Outcome::Compared(compared) => compared.is_equal(),
            Outcome::NotCompared(_) => false,
        }
    }

    /// The lines that tell of it.
    pub(super) fn told(&self) -> String {
        let name = &format!("{} {}", self.target, self.platform);
        let text = match &self.outcome {
            Outcome::Compared(compared) if compared.is_equal() => {
                format!("equal: {name}: {}, config\n", files(compared.paths))
            }
            Outcome::Compared(compared) => compared.told(name),
            Outcome::NotCompared(reasons) => {
                let lines = reasons.iter();
                let lines = lines.map(|reason| format!("not compared: {name}: {reason}\n"));
                lines.collect()
            }
        };
        plain(&text).into_owned()
    }
}

impl Comparison {
    pub(super) fn is_equal(&self) -> bool {
        self.files.is_empty() && self.config.is_empty()
    }

    fn told(&self, name: &str) -> String {
        let files = match self.files.len() {
            0 => "the files are equal".to_owned(),
            differences => format!("{differences} of {}", files(self.paths)),
        };
        let config = match self.config.len() {
            0 => "the config is equal".to_owned(),
            differences => format!("{differences} of the config"),
        };
        let mut text = format!("different: {name}: {files}, {config}\n");
        let lines = self.files.iter().map(line);
        let lines = lines.chain(self.config.iter().map(of_config));
        let lines: Vec<String> = lines.collect();
        for line in lines.iter().take(MOST) {
            _ = writeln!(text, "  {line}");
        }
        if let Some(more) = lines.len().checked_sub(MOST).filter(|more| *more > 0) {
            _ = writeln!(text, "  … and {more} more");
        }
        text
    }
}

fn files(number: usize) -> String {
    match number {
        1 => "1 file".to_owned(),
        number => format!("{number} files"),
    }
}

fn line(difference: &Difference) -> String {
    let below = |below: &usize| match below {
        0 => String::new(),
        below => format!(" and {below} below it"),
    };
    match difference {
        Difference::Added { path, below: count } => format!("+ {path}{}", below(count)),
        Difference::Missing { path, below: count } => format!("- {path}{}", below(count)),
        Difference::Changed { path, aspects } => {
            let aspects = aspects.iter().map(|aspect| {
                format!(
                    "{} {}, Dockerfile {}",
                    aspect.name, aspect.first, aspect.second
                )
            });
            format!("~ {path}: {}", aspects.collect::<Vec<_>>().join("; "))
        }
    }
}

fn of_config(part: &Part) -> String {
    let Part { name, ours, theirs } = part;
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => format!("~ config {name}: {ours}, Dockerfile {theirs}"),
        (Some(ours), None) => format!("+ config {name}: {ours}"),
        (None, theirs) => format!("- config {name}: {}", theirs.as_deref().unwrap_or_default()),
    }
}

/// The layers of all images that were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Layers {
    /// The number of images on each side.
    images: usize,
    /// Those of the catalog's images.
    catalog: OfSide,
    /// Those of the Dockerfiles' images.
    dockerfiles: OfSide,
}

/// The layers of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct OfSide {
    /// The number of different layers.
    different: usize,
    /// The number of those that more than one image has.
    shared: usize,
}

impl Layers {
    /// The layers of several images; `None` for one image, which shares nothing.
    pub(super) fn of(verdicts: &[Verdict]) -> Option<Self> {
        let compared = verdicts
            .iter()
            .filter_map(|verdict| match &verdict.outcome {
                Outcome::Compared(compared) => Some(&compared.layers),
                Outcome::NotCompared(_) => None,
            });
        let compared: Vec<&[Vec<String>; 2]> = compared.collect();
        if compared.len() < 2 {
            return None;
        }
        let of_side = |side: usize| {
            let (mut all, mut shared) = (BTreeSet::new(), BTreeSet::new());
            for layers in &compared {
                let own: BTreeSet<&String> = layers[side].iter().collect();
                shared.extend(own.intersection(&all).copied());
                all.extend(own);
            }
            OfSide {
                different: all.len(),
                shared: shared.len(),
            }
        };
        Some(Self {
            images: compared.len(),
            catalog: of_side(0),
            dockerfiles: of_side(1),
        })
    }
}

impl fmt::Display for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            images,
            catalog: ours,
            dockerfiles: theirs,
        } = self;
        writeln!(
            f,
            "layers: {} in {images} images, {} of them in several; of the Dockerfiles {}, {} in several",
            ours.different, ours.shared, theirs.different, theirs.shared
        )
    }
}

#[cfg(test)]
mod tests {
    use engine::{Aspect, EntryPath};

    use super::*;

    fn verdict(files: Vec<Difference>, config: Vec<Part>, layers: [&[&str]; 2]) -> Verdict {
        let owned = |layers: &[&str]| layers.iter().map(ToString::to_string).collect();
        let comparison = Comparison {
            paths: 812,
            files,
            config,
            layers: layers.map(owned),
        };
        with(Outcome::Compared(comparison))
    }

    fn with(outcome: Outcome) -> Verdict {
        Verdict {
            target: "app".to_owned(),
            file: None,
            artifact: "image".to_owned(),
            platform: "linux/amd64".to_owned(),
            values: BTreeMap::new(),
            outcome,
        }
    }

    fn path(text: &str) -> EntryPath {
        EntryPath::try_new(text).unwrap()
    }

    #[test]
    fn differences_are_lines() {
        let equal = verdict(Vec::new(), Vec::new(), [&[], &[]]);
        assert!(equal.is_equal());
        assert_eq!(equal.told(), "equal: app linux/amd64: 812 files, config\n");
        let aspect = |name, first: &str, second: &str| Aspect {
            name,
            first: first.to_owned(),
            second: second.to_owned(),
        };
        let files = vec![
            Difference::Added {
                path: path("opt/a"),
                below: 0,
            },
            Difference::Missing {
                path: path("opt/b"),
                below: 12,
            },
            Difference::Changed {
                path: path("opt/c"),
                aspects: vec![
                    aspect("mode", "0644", "0755"),
                    aspect("owner", "0:0", "7:7"),
                ],
            },
        ];
        let part = |ours: Option<&str>, theirs: Option<&str>| Part {
            name: "User".to_owned(),
            ours: ours.map(str::to_owned),
            theirs: theirs.map(str::to_owned),
        };
        let config = vec![
            part(Some("\"a\""), Some("\"b\"")),
            part(None, Some("\"b\"")),
            part(Some("\"a\""), None),
        ];
        let different = verdict(files, config, [&[], &[]]);
        assert!(!different.is_equal());
        assert_eq!(
            different.told(),
            "different: app linux/amd64: 3 of 812 files, 3 of the config
  + opt/a
  - opt/b and 12 below it
  ~ opt/c: mode 0644, Dockerfile 0755; owner 0:0, Dockerfile 7:7
  ~ config User: \"a\", Dockerfile \"b\"
  - config User: \"b\"
  + config User: \"a\"
"
        );
    }

    #[test]
    fn many_differences_are_counted() {
        let added = |number: usize| Difference::Added {
            path: path(&number.to_string()),
            below: 0,
        };
        let told = verdict((0..50).map(added).collect(), Vec::new(), [&[], &[]]).told();
        assert_eq!(told.lines().count(), MOST + 2);
        assert!(
            told.starts_with("different: app linux/amd64: 50 of 812 files, the config is equal\n")
        );
        assert!(told.ends_with("  … and 10 more\n"));
    }

    #[test]
    fn what_was_not_compared_is_not_equal() {
        let reasons = vec!["a\x1b[2J".to_owned(), "b".to_owned()];
        let verdict = with(Outcome::NotCompared(reasons));
        assert!(!verdict.is_equal());
        assert_eq!(
            verdict.told(),
            "not compared: app linux/amd64: a\\u{1b}[2J\nnot compared: app linux/amd64: b\n"
        );
    }

    #[test]
    fn layers_of_several_images_are_counted() {
        let of = |layers| verdict(Vec::new(), Vec::new(), layers);
        let one = [of([&["a"], &["a"]])];
        assert_eq!(Layers::of(&one), None);
        let several = [
            of([&["a", "b"], &["a", "c"]]),
            of([&["a", "b"], &["a", "d"]]),
            of([&["a"], &["e"]]),
        ];
        assert_eq!(
            Layers::of(&several).unwrap().to_string(),
            "layers: 2 in 3 images, 2 of them in several; of the Dockerfiles 4, 1 in several\n"
        );
    }
}

//! What was compared, as text.

use std::{collections::BTreeSet, fmt::Write as _};

use engine::Difference;

use super::config::Part;
use crate::terminal::plain;

/// The most differences of a target that are printed.
const MOST: usize = 40;

/// A target on a platform, compared or not.
#[derive(Debug)]
pub(super) struct Verdict {
    /// The target and the platform.
    pub(super) name: String,
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
        let name = &self.name;
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
    fn is_equal(&self) -> bool {
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

/// The layers of several targets on each side, and how many of them more than one image has; nothing for one target.
pub(super) fn layers(verdicts: &[Verdict]) -> Option<String> {
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
        (all.len(), shared.len())
    };
    let ((ours, shared), (theirs, of_theirs)) = (of_side(0), of_side(1));
    Some(format!(
        "layers: {ours} in {} images, {shared} of them in several; of the Dockerfiles {theirs}, {of_theirs} in several\n",
        compared.len()
    ))
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
        Verdict {
            name: "app linux/amd64".to_owned(),
            outcome: Outcome::Compared(comparison),
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
        let verdict = Verdict {
            name: "app linux/amd64".to_owned(),
            outcome: Outcome::NotCompared(vec!["a\x1b[2J".to_owned(), "b".to_owned()]),
        };
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
        assert_eq!(layers(&one), None);
        let several = [
            of([&["a", "b"], &["a", "c"]]),
            of([&["a", "b"], &["a", "d"]]),
            of([&["a"], &["e"]]),
        ];
        assert_eq!(
            layers(&several).unwrap(),
            "layers: 2 in 3 images, 2 of them in several; of the Dockerfiles 4, 1 in several\n"
        );
    }
}

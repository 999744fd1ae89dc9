//! Copying declared files into the tree.

use buildkit_llb::{Copy as CopyAction, FileActions};
use serde::{Deserialize, Serialize};

use super::{Apply, Read, Reader, StepContext, StepError};
use crate::{path::ContextPath, template::Template, tree::Tree};

/// Copies files of the context directory: what is in a directory, the files that a glob matches, or one file (into
/// `to` when that ends in a slash, else under that name). What a glob matches keeps its path below the glob's literal
/// part. Owner 0:0, modes 0644 or 0755, mtimes 0; directories without a file are left out, as git does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copy {
    /// A file, directory or glob of the context directory.
    #[serde(rename = "copy")]
    from: Template,
    /// An absolute path in the tree.
    to: Template,
}

impl Copy {
    /// Copies `from` to the absolute path `to`; both are templates.
    pub fn new(from: &str, to: &str) -> Self {
        Self {
            from: Template::unchecked(from),
            to: Template::unchecked(to),
        }
    }
}

/// Where `path` goes when `declared` is copied: below its destination, without what `declared` itself says.
fn place(declared: &ContextPath, path: &ContextPath) -> ContextPath {
    let is_sign = |component: &&str| component.contains(['*', '?', '[']);
    let literal: Vec<&str> = declared
        .components()
        .take_while(|component| !is_sign(component))
        .collect();
    let below = literal
        .join("/")
        .parse()
        .ok()
        .and_then(|directory: ContextPath| path.strip_prefix(&directory));
    match below {
        Some(below) => below,
        None if path == declared => path.file_name().parse().unwrap_or_else(|_| path.clone()),
        None => path.clone(),
    }
}

impl Apply for Copy {
    fn title(&self) -> String {
        format!("copy {} to {}", self.from, self.to)
    }

    fn reads(&self, reader: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(vec![Read::Files(
            self.from.expand(reader.variables)?.parse()?,
        )])
    }

    fn apply(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let declared: ContextPath = context.expand(&self.from)?.parse()?;
        let to = context.expand(&self.to)?;
        let files = context.files(&declared)?.clone();
        let is_one_file = files.contains_key(&declared);
        let state = context.files_state(&files, |path| place(&declared, path));
        let copy = if is_one_file {
            CopyAction::new(&state, format!("/{}", declared.file_name()), to)
        } else {
            CopyAction::new(&state, "/", to).contents_only()
        };
        let state = tree.state.file(
            FileActions::new()
                .copy(copy.create_dest_path().created(0))
                .custom_name(context.vertex_name()),
        );
        Ok(Tree { state, ..tree })
    }

    fn templates(&self) -> Vec<&Template> {
        vec![&self.from, &self.to]
    }

    fn problems(&self) -> Vec<String> {
        let to = self.to.to_string();
        let problem = format!("`copy`: `to` must be an absolute path, not `{to}`");
        if to.starts_with('/') {
            Vec::new()
        } else {
            vec![problem]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_keep_their_paths_below_what_was_declared() {
        let check = |declared: &str, path: &str, expected: &str| {
            let placed = place(&declared.parse().unwrap(), &path.parse().unwrap());
            assert_eq!(placed.as_str(), expected, "{declared} {path}");
        };
        check(
            "etc/en_US",
            "etc/en_US/apt/sources.list",
            "apt/sources.list",
        );
        check("install.sh", "install.sh", "install.sh");
        check("scripts/install.sh", "scripts/install.sh", "install.sh");
        check("conf/*.toml", "conf/a.toml", "a.toml");
        check("conf/**/*.toml", "conf/x/y/a.toml", "x/y/a.toml");
        check("*.toml", "a.toml", "a.toml");
    }
}

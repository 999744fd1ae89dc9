//! Files from the web, pinned by the lock: downloads by checksum, git repositories by commit.

use buildkit_llb::ContentDigest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Apply, Read, Reader, StepContext, StepError, context::check_absolute};
use crate::{
    placing::{Copying, Placing, escaped},
    template::{Template, Text, TreeText, Variables},
    tree::Tree,
};

/// Downloads a file and puts it into the tree, into `to` when that ends in a slash, else under that name; owner 0:0,
/// mode 0644 unless `mode` says otherwise, mtime 0. The lock pins its checksum, unless the step has one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Download {
    /// An http or https URL; a template.
    #[serde(rename = "download")]
    url: Template,
    /// An absolute path in the tree; it may use what the base or an earlier step sets, as `$HOME/bin`.
    to: TreeText,
    /// What it must hash to, as `sha256:` and hex digits; a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checksum: Option<Template>,
    /// Its permission bits in octal, such as `0755`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
    /// Whether it is an archive to unpack into the directory `to`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unpack: bool,
}

/// Puts the files of a git ref into the directory `to`; owner 0:0, mtimes 0. The lock pins the commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Git {
    /// The repository and ref, as `https://example.com/x.git#v1`; a template.
    git: Template,
    /// An absolute path in the tree; it may use what the base or an earlier step sets, as `$HOME/bin`.
    to: TreeText,
}

impl Download {
    /// Downloads `url` to the absolute path `to`. `url` is a template, `to` a [`TreeText`].
    pub fn new(url: &str, to: &str) -> Self {
        Self {
            url: Template::unchecked(url),
            to: TreeText::unchecked(to),
            checksum: None,
            mode: None,
            unpack: false,
        }
    }

    /// The checksum that it must have, instead of the one in the lock; a template.
    pub fn checksum(mut self, checksum: &str) -> Self {
        self.checksum = Some(Template::unchecked(checksum));
        self
    }

    /// Its permission bits.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = Some(format!("{mode:04o}"));
        self
    }

    /// Unpacks it into the directory `to`, as `ADD` does with archives.
    pub fn unpack(mut self) -> Self {
        self.unpack = true;
        self
    }

    fn read(&self, variables: &Variables) -> Result<Read, StepError> {
        let url = self.url.expand(variables)?;
        if !["https://", "http://"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
        {
            return Err(refused(format!(
                "`download`: `{url}` is not an http or https URL"
            )));
        }
        if has_login(&url) {
            return Err(refused(
                "`download`: the address has a user or a password in it, which would stand in the graph; give the server's token with `--secret id=HTTP_AUTH_TOKEN_HOST,env=…`".to_owned(),
            ));
        }
        let checksum = match &self.checksum {
            None => None,
            Some(checksum) => {
                let text = checksum.expand(variables)?;
                let checksum: ContentDigest = text
                    .parse()
                    .map_err(|error| refused(format!("`download`: {error}")))?;
                Some(checksum)
            }
        };
        Ok(Read::Http { url, checksum })
    }

    fn permissions(&self) -> Result<u32, String> {
        let Some(mode) = &self.mode else {
            return Ok(0o644);
        };
        u32::from_str_radix(mode, 8)
            .ok()
            .filter(|bits| *bits <= 0o7777)
            .ok_or_else(|| {
                format!("`download`: `mode` must be octal, such as `0755`, not `{mode}`")
            })
    }
}

impl Git {
    /// Puts the files of `source` (`https://example.com/x.git#v1`) into the absolute path `to`. `source` is a template,
    /// `to` a [`TreeText`].
    pub fn new(source: &str, to: &str) -> Self {
        Self {
            git: Template::unchecked(source),
            to: TreeText::unchecked(to),
        }
    }

    fn read(&self, variables: &Variables) -> Result<Read, StepError> {
        let text = self.git.expand(variables)?;
        text.parse().map(Read::Git).map_err(refused)
    }
}

/// Whether a URL has a login before its host.
pub(super) fn has_login(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_scheme, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.contains('@')
}

fn refused(reason: String) -> StepError {
    StepError::Refused { reason }
}

impl Apply for Download {
    fn title(&self) -> String {
        format!("download {} to {}", self.url, self.to)
    }

    fn reads(&self, reader: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(vec![self.read(reader.variables)?, Read::Packer])
    }

    fn apply(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let to = context.expand_path("to", &self.to)?;
        let source = context.source(&self.read(context.variables())?)?;
        let path = source.path.clone();
        if self.unpack {
            let unpacking = Placing::Unpack {
                from: &source.state,
                path,
                to,
                // The lock or the step already pins the source.
                sha256: None,
            };
            return context.placed(tree, unpacking);
        }
        let copying = Copying {
            mode: Some(self.permissions().map_err(refused)?),
            time: Some(0),
            ..Copying::new(&source.state, escaped(&path), to)
        };
        context.placed(tree, Placing::Copy(copying))
    }

    fn texts(&self) -> Vec<&dyn Text> {
        let checksum = self.checksum.iter().map(|text| text as &dyn Text);
        let texts: [&dyn Text; 2] = [&self.url, &self.to];
        texts.into_iter().chain(checksum).collect()
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        check_absolute("to", &self.to, variables)
    }

    fn problems(&self) -> Vec<String> {
        let both = (self.unpack && self.mode.is_some())
            .then(|| "`download`: `mode` has no effect with `unpack`".to_owned());
        self.permissions().err().into_iter().chain(both).collect()
    }
}

impl Apply for Git {
    fn title(&self) -> String {
        format!("git {} to {}", self.git, self.to)
    }

    fn reads(&self, reader: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(vec![self.read(reader.variables)?, Read::Packer])
    }

    fn apply(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let to = context.expand_path("to", &self.to)?;
        let source = context.source(&self.read(context.variables())?)?;
        let copying = Copying {
            time: Some(0),
            // The `.git` of a submodule would hold a path of the daemon.
            without: &[".git"],
            ..Copying::new(&source.state, escaped(&source.path), to)
        };
        context.placed(tree, Placing::Copy(copying))
    }

    fn texts(&self) -> Vec<&dyn Text> {
        vec![&self.git, &self.to]
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        check_absolute("to", &self.to, variables)
    }
}

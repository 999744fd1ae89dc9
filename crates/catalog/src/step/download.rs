//! Files from the web, pinned by the lock: downloads by checksum, git repositories by commit.

use buildkit_llb::ContentDigest;
use file_set::Mode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Apply, Read, Reader, StepContext, StepError,
    attributes::{AttributeKeys, ModeText},
    context::check_absolute,
};
use crate::{
    placing::{Attributes, Copying, Placing, escaped},
    template::{Template, Text, TreeText, Variables},
    tree::Tree,
    url::has_login,
};

/// Downloads a file and puts it into the tree, into `to` when that ends in a slash, else under that name; owner 0:0 and
/// mode 0644 unless `owner` and `mode` say otherwise, mtime 0. The lock pins its checksum, unless the step has one.
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
    /// Its mode, such as `0755` or `a+x`; 0644 by default, which changes apply to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mode: Option<ModeText>,
    /// The owner: `user` or `user:group`, by numbers or by names that the tree has. By default root, or what an archive
    /// says of each file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<TreeText>,
    /// Whether it is an archive to unpack into the directory `to`: a tar, also one in gzip, bzip2, xz or zstd, or a zip.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unpack: bool,
}

/// Puts the files of a git ref into the directory `to`; owner 0:0 unless `owner` says otherwise, mtimes 0. The lock pins
/// the commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Git {
    /// The repository and ref, as `https://example.com/x.git#v1`; a template.
    #[serde(rename = "git")]
    source: Template,
    /// An absolute path in the tree; it may use what the base or an earlier step sets, as `$HOME/bin`.
    to: TreeText,
    /// The owner of all of them: `user` or `user:group`, by numbers or by names that the tree has; root by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<TreeText>,
}

impl Download {
    /// Downloads `url` to the absolute path `to`. `url` is a template, `to` a [`TreeText`].
    pub fn new(url: &str, to: &str) -> Self {
        Self {
            url: Template::unchecked(url),
            to: TreeText::unchecked(to),
            checksum: None,
            mode: None,
            owner: None,
            unpack: false,
        }
    }

    /// The checksum that it must have, instead of the one in the lock; a template.
    pub fn checksum(mut self, checksum: &str) -> Self {
        self.checksum = Some(Template::unchecked(checksum));
        self
    }

    /// Its mode: bits, as `0o755`, or a text, as `"a+x"`, a [`Template`]; 0644 by default.
    pub fn mode(mut self, mode: impl Into<ModeText>) -> Self {
        self.mode = Some(mode.into());
        self
    }

    /// The owner, `user` or `user:group`, a [`TreeText`]; root by default, or what an archive says of each file.
    pub fn owner(mut self, owner: &str) -> Self {
        self.owner = Some(TreeText::unchecked(owner));
        self
    }

    /// Unpacks it into the directory `to`, as `ADD` does with archives: a tar, also one in gzip, bzip2, xz or zstd, or a
    /// zip.
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

    fn attributes(&self) -> AttributeKeys<'_> {
        AttributeKeys {
            mode: self.mode.as_ref(),
            owner: self.owner.as_ref(),
        }
    }
}

impl Git {
    /// Puts the files of `source` (`https://example.com/x.git#v1`) into the absolute path `to`. `source` is a template,
    /// `to` a [`TreeText`].
    pub fn new(source: &str, to: &str) -> Self {
        Self {
            source: Template::unchecked(source),
            to: TreeText::unchecked(to),
            owner: None,
        }
    }

    /// The owner of all files, `user` or `user:group`, a [`TreeText`]; root by default.
    pub fn owner(mut self, owner: &str) -> Self {
        self.owner = Some(TreeText::unchecked(owner));
        self
    }

    fn attributes(&self) -> AttributeKeys<'_> {
        AttributeKeys {
            mode: None,
            owner: self.owner.as_ref(),
        }
    }

    fn read(&self, variables: &Variables) -> Result<Read, StepError> {
        let text = self.source.expand(variables)?;
        text.parse().map(Read::Git).map_err(refused)
    }
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
        let attributes = self.attributes().values(context)?;
        if self.unpack {
            let unpacking = Placing::Unpack {
                from: &source.state,
                path,
                to,
                // The lock or the step already pins the source.
                sha256: None,
                owner: attributes.owner,
            };
            return context.placed(tree, unpacking);
        }
        // What a server sends has no mode of its own.
        let plain = 0o644;
        let mode = attributes.mode.map_or(plain, |mode| mode.of_file(plain));
        let copying = Copying {
            attributes: Attributes {
                mode: Some(Mode::of_bits(mode)),
                ..attributes
            },
            time: Some(0),
            ..Copying::new(&source.state, escaped(&path), to)
        };
        context.placed(tree, Placing::Copy(copying))
    }

    fn texts(&self) -> Vec<&dyn Text> {
        let checksum = self.checksum.iter().map(|text| text as &dyn Text);
        let texts: [&dyn Text; 2] = [&self.url, &self.to];
        let attributes = self.attributes().texts();
        texts
            .into_iter()
            .chain(checksum)
            .chain(attributes)
            .collect()
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        check_absolute("to", &self.to, variables)?;
        self.attributes().check(variables)
    }

    fn problems(&self) -> Vec<String> {
        let both = (self.unpack && self.mode.is_some())
            .then(|| "`download`: `mode` has no effect with `unpack`".to_owned());
        both.into_iter().collect()
    }
}

impl Apply for Git {
    fn title(&self) -> String {
        format!("git {} to {}", self.source, self.to)
    }

    fn reads(&self, reader: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(vec![self.read(reader.variables)?, Read::Packer])
    }

    fn apply(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let to = context.expand_path("to", &self.to)?;
        let source = context.source(&self.read(context.variables())?)?;
        let copying = Copying {
            attributes: self.attributes().values(context)?,
            time: Some(0),
            // The `.git` of a submodule would hold a path of the daemon.
            without: &[".git"],
            ..Copying::new(&source.state, escaped(&source.path), to)
        };
        context.placed(tree, Placing::Copy(copying))
    }

    fn texts(&self) -> Vec<&dyn Text> {
        let texts: [&dyn Text; 2] = [&self.source, &self.to];
        texts.into_iter().chain(self.attributes().texts()).collect()
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        check_absolute("to", &self.to, variables)?;
        self.attributes().check(variables)
    }
}

//! Repositories of packages, which stay in the tree.

use buildkit_llb::BindMount;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    either::{OneOrSeveral, several},
    path::ContextPath,
    step::{Read, StepContext, StepError},
    template::{Template, Text, Variables},
    url::has_login,
};

/// A repository of packages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repository {
    /// Its http or https address; a template.
    url: Template,
    /// The suite of apt, as `bookworm`, or the release of apk, as `v3.20`; a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    suite: Option<Template>,
    /// The components of apt, as `main`, or the repositories of apk, with blanks between them or in a list.
    #[serde(
        default,
        deserialize_with = "several",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "OneOrSeveral<Template>")]
    components: Vec<Template>,
    /// The key that its content is signed with: an http or https address, whose content the lock pins, or a file of the
    /// context directory; a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Template>,
}

impl Repository {
    /// The repository at an http or https address; a template.
    pub fn new(url: &str) -> Self {
        Self {
            url: Template::unchecked(url),
            suite: None,
            components: Vec::new(),
            key: None,
        }
    }

    /// Its suite, as `bookworm`; a template.
    pub fn suite(mut self, suite: &str) -> Self {
        self.suite = Some(Template::unchecked(suite));
        self
    }

    /// Its components, as `main`; templates.
    pub fn components<'a>(mut self, components: impl IntoIterator<Item = &'a str>) -> Self {
        let components = components.into_iter().map(Template::unchecked);
        self.components.extend(components);
        self
    }

    /// The key that its content is signed with, an address or a file of the context directory; a template.
    pub fn key(mut self, key: &str) -> Self {
        self.key = Some(Template::unchecked(key));
        self
    }

    pub(super) fn texts(&self) -> Vec<&dyn Text> {
        let all = std::iter::once(&self.url)
            .chain(&self.suite)
            .chain(&self.components)
            .chain(&self.key);
        all.map(|text| text as &dyn Text).collect()
    }

    /// The repository for a variant.
    pub(super) fn fill(&self, variables: &Variables) -> Result<Filled, StepError> {
        let url = address("repositories", self.url.expand(variables)?)?;
        let suite = match &self.suite {
            Some(suite) => Some(word("suite", suite.expand(variables)?)?),
            None => None,
        };
        let mut components = Vec::new();
        for text in &self.components {
            for component in text.expand(variables)?.split_whitespace() {
                components.push(word("components", component.to_owned())?);
            }
        }
        let key = match &self.key {
            Some(key) => Some(Key::of(key.expand(variables)?)?),
            None => None,
        };
        Ok(Filled {
            url: url.trim_end_matches('/').to_owned(),
            suite,
            components,
            key,
        })
    }
}

/// A repository for one variant.
pub(super) struct Filled {
    /// Its address, without a slash at the end.
    pub(super) url: String,
    pub(super) suite: Option<String>,
    pub(super) components: Vec<String>,
    pub(super) key: Option<Key>,
}

impl Filled {
    /// Its name in the tree, made from its address and its suite.
    pub(super) fn name(&self) -> String {
        let (_scheme, rest) = self.url.split_once("://").unwrap_or(("", &self.url));
        let suite = self.suite.as_deref().unwrap_or_default();
        let mut name = String::new();
        for c in rest.chars().chain(['-']).chain(suite.chars()) {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') {
                name.push(c.to_ascii_lowercase());
            } else if !name.ends_with('-') {
                name.push('-');
            }
        }
        name.trim_matches(['-', '.']).to_owned()
    }
}

/// The key of a repository.
pub(super) enum Key {
    /// A file of the context directory.
    File(ContextPath),
    /// The download of an address, pinned by the lock.
    Url(String),
}

impl Key {
    fn of(text: String) -> Result<Self, StepError> {
        if text.contains("://") {
            return address("key", text).map(Self::Url);
        }
        text.parse().map(Self::File).map_err(|error| {
            let reason = format!("`key`: {error}; it is an address, or a file of the context");
            StepError::wrong(reason, &text)
        })
    }

    /// The last part of its path.
    pub(super) fn file_name(&self) -> &str {
        match self {
            Self::File(path) => path.file_name(),
            Self::Url(url) => {
                let path = url.split(['?', '#']).next().unwrap_or(url);
                path.rsplit('/').next().unwrap_or(path)
            }
        }
    }

    /// What a step with the key reads.
    pub(super) fn reads(&self) -> Vec<Read> {
        let packer = matches!(self, Self::File(_)).then_some(Read::Packer);
        std::iter::once(self.read()).chain(packer).collect()
    }

    fn read(&self) -> Read {
        match self {
            Self::File(path) => Read::Files(path.clone().into()),
            Self::Url(url) => Read::Http {
                url: url.clone(),
                checksum: None,
            },
        }
    }

    /// The key as a file at `target`.
    pub(super) fn mount(
        &self,
        target: &str,
        context: &mut StepContext<'_>,
    ) -> Result<BindMount, StepError> {
        let (state, path) = match self {
            Self::Url(_) => {
                let source = context.source(&self.read())?;
                (source.state.clone(), source.path.clone())
            }
            Self::File(path) => {
                if !context.files(path)?.contains_key(path) {
                    let problem = "must be one file, as the key of a repository".to_owned();
                    let path = path.clone();
                    return Err(StepError::Value { path, problem });
                }
                let state = context.files_state(std::slice::from_ref(path))?;
                (state, format!("/{path}"))
            }
        };
        Ok(BindMount::new(target, &state).selector(path).readonly())
    }
}

/// An address that may stand in a file of the tree, the value of `key`.
fn address(key: &str, url: String) -> Result<String, StepError> {
    let host = ["https://", "http://"]
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme));
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '\\');
    let reason = match host {
        Some(host) if !host.is_empty() && url.chars().all(is_plain) && !has_login(&url) => {
            return Ok(url);
        }
        Some(_) if has_login(&url) => {
            let reason = format!(
                "`{key}`: the address has a user or a password in it, which would stand in the graph"
            );
            // The address is not shown.
            return Err(StepError::Refused { reason });
        }
        _ => format!("`{key}`: `{url}` is not an http or https URL"),
    };
    Err(StepError::wrong(reason, &url))
}

/// A word of a line in a file of the tree, the value of `key`.
fn word(key: &str, text: String) -> Result<String, StepError> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+-._/~".contains(c);
    if !text.is_empty() && text.chars().all(is_part) {
        return Ok(text);
    }
    let reason = format!(
        "`{key}`: `{text}` must be one word of letters, digits, `+`, `-`, `.`, `_`, `/`, `~`"
    );
    Err(StepError::wrong(reason, &text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_from_addresses() {
        let check = |url: &str, suite: Option<&str>, expected: &str| {
            let repository = suite.map_or_else(
                || Repository::new(url),
                |suite| Repository::new(url).suite(suite),
            );
            let filled = repository.fill(&Variables::new()).map_err(drop).unwrap();
            assert_eq!(filled.name(), expected, "{url}");
        };
        let docker = "https://download.docker.com/linux/debian/";
        let name = "download.docker.com-linux-debian-bookworm";
        check(docker, Some("bookworm"), name);
        check("http://A.example:8080/x//y", None, "a.example-8080-x-y");
        check("https://example.com", Some("./"), "example.com");
    }
}

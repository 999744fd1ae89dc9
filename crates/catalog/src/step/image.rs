//! Steps that set what only an image has: what it runs, its ports. They make no vertex.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Apply, Read, Reader, StepContext, StepError};
use crate::tree::Tree;

/// Sets what an image runs; the base's command goes, as it was meant for the base's entrypoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entrypoint {
    /// The program and its arguments.
    entrypoint: Vec<String>,
}

/// Sets the arguments that an image's entrypoint gets when a user gives none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cmd {
    /// The arguments.
    cmd: Vec<String>,
}

/// Declares the ports that an image listens on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expose {
    /// The ports, as `8080` or `53/udp`.
    expose: Vec<String>,
}

fn words<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Vec<String> {
    words.into_iter().map(Into::into).collect()
}

impl Entrypoint {
    /// Sets the program and its arguments.
    pub fn new<W: Into<String>>(entrypoint: impl IntoIterator<Item = W>) -> Self {
        Self {
            entrypoint: words(entrypoint),
        }
    }
}

impl Cmd {
    /// Sets the arguments.
    pub fn new<W: Into<String>>(cmd: impl IntoIterator<Item = W>) -> Self {
        Self { cmd: words(cmd) }
    }
}

impl Expose {
    /// Declares ports, as `8080` or `53/udp`.
    pub fn new<W: Into<String>>(ports: impl IntoIterator<Item = W>) -> Self {
        Self {
            expose: words(ports),
        }
    }
}

/// A port with its protocol, as image configs have it.
fn port(text: &str) -> Option<String> {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let is_port = number.parse::<u16>().is_ok_and(|number| number > 0);
    (is_port && matches!(protocol, "tcp" | "udp" | "sctp")).then(|| format!("{number}/{protocol}"))
}

impl Apply for Entrypoint {
    fn title(&self) -> String {
        format!("entrypoint {}", self.entrypoint.join(" "))
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(Vec::new())
    }

    fn apply(&self, mut tree: Tree, _: &mut StepContext<'_>) -> Result<Tree, StepError> {
        tree.config.entrypoint.clone_from(&self.entrypoint);
        tree.config.cmd.clear();
        Ok(tree)
    }
}

impl Apply for Cmd {
    fn title(&self) -> String {
        format!("cmd {}", self.cmd.join(" "))
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(Vec::new())
    }

    fn apply(&self, mut tree: Tree, _: &mut StepContext<'_>) -> Result<Tree, StepError> {
        tree.config.cmd.clone_from(&self.cmd);
        Ok(tree)
    }
}

impl Apply for Expose {
    fn title(&self) -> String {
        format!("expose {}", self.expose.join(" "))
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(Vec::new())
    }

    fn apply(&self, mut tree: Tree, _: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let ports = self.expose.iter().filter_map(|text| port(text));
        tree.config.exposed_ports.extend(ports);
        Ok(tree)
    }

    fn problems(&self) -> Vec<String> {
        let odd = self.expose.iter().filter(|text| port(text).is_none());
        odd.map(|text| format!("`{text}` is not a port: write `8080` or `53/udp`"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_have_a_protocol() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(port(text).as_deref(), expected, "{text}");
        };
        check("8080", Some("8080/tcp"));
        check("53/udp", Some("53/udp"));
        check("0", None);
        check("65536", None);
        check("80/http", None);
        check("http", None);
    }
}

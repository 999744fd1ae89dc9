//! Steps that set what only an image has: what it runs, its ports and volumes. They make no vertex.

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

/// Declares directories whose files outlive a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Absolute paths.
    volume: Vec<String>,
}

/// Sets the signal that stops a container of the image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StopSignal {
    /// Its name or number, as `SIGQUIT`.
    #[serde(rename = "stop-signal")]
    signal: String,
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

impl Volume {
    /// Declares volumes, by absolute paths.
    pub fn new<W: Into<String>>(paths: impl IntoIterator<Item = W>) -> Self {
        Self {
            volume: words(paths),
        }
    }
}

impl StopSignal {
    /// Sets the signal, by its name or number, as `SIGQUIT`.
    pub fn new(signal: &str) -> Self {
        Self {
            signal: signal.to_owned(),
        }
    }
}

/// Whether an engine knows it: `SIGTERM`, `SIGRTMIN+3`, `9`.
fn is_signal(text: &str) -> bool {
    let name = text.strip_prefix("SIG").map(str::as_bytes);
    let is_name = name.is_some_and(|name| {
        name.first().is_some_and(u8::is_ascii_uppercase)
            && name
                .iter()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, b'+' | b'-'))
    });
    is_name
        || text
            .parse::<u8>()
            .is_ok_and(|number| (1..=64).contains(&number))
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

impl Apply for Volume {
    fn title(&self) -> String {
        format!("volume {}", self.volume.join(" "))
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(Vec::new())
    }

    fn apply(&self, mut tree: Tree, _: &mut StepContext<'_>) -> Result<Tree, StepError> {
        tree.config.volumes.extend(self.volume.iter().cloned());
        Ok(tree)
    }

    fn problems(&self) -> Vec<String> {
        let odd = self.volume.iter().filter(|path| !path.starts_with('/'));
        odd.map(|path| format!("the volume `{path}` is not an absolute path"))
            .collect()
    }
}

impl Apply for StopSignal {
    fn title(&self) -> String {
        format!("stop-signal {}", self.signal)
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(Vec::new())
    }

    fn apply(&self, mut tree: Tree, _: &mut StepContext<'_>) -> Result<Tree, StepError> {
        tree.config.stop_signal = Some(self.signal.clone());
        Ok(tree)
    }

    fn problems(&self) -> Vec<String> {
        let odd = (!is_signal(&self.signal))
            .then(|| format!("`{}` is not a signal: write `SIGQUIT` or `3`", self.signal));
        odd.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_names_and_numbers() {
        let check = |text: &str, expected: bool| assert_eq!(is_signal(text), expected, "{text}");
        check("SIGTERM", true);
        check("SIGUSR1", true);
        check("SIGRTMIN+3", true);
        check("15", true);
        check("0", false);
        check("65", false);
        check("TERM", false);
        check("SIG", false);
        check("sigterm", false);
    }

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

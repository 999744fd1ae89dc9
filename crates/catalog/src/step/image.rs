//! Steps for values that only an image has: its command, ports and volumes. They make no vertex.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Apply, Read, Reader, StepContext, StepError};
use crate::{
    either::OneOrSeveral,
    template::{Template, Text, TreeText, Variables},
    tree::Tree,
};

/// Sets what an image runs. The base's command goes, as it was meant for the base's entrypoint; one that the artifact sets
/// itself stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entrypoint {
    /// The program and its arguments.
    entrypoint: Vec<Template>,
}

/// Sets the arguments that an image's entrypoint gets when a user gives none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cmd {
    /// The arguments.
    cmd: Vec<Template>,
}

/// Declares the ports that an image listens on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expose {
    /// The ports, as `8080` or `53/udp`.
    expose: OneOrSeveral<TreeText>,
}

/// Declares directories whose files outlive a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Absolute paths.
    volume: OneOrSeveral<TreeText>,
}

/// Sets the signal that stops a container of the image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StopSignal {
    /// Its name or number, as `SIGQUIT`.
    #[serde(rename = "stop-signal")]
    signal: TreeText,
}

fn words<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Vec<Template> {
    let template = |word: W| Template::unchecked(&word.into());
    words.into_iter().map(template).collect()
}

fn several<W: Into<String>>(texts: impl IntoIterator<Item = W>) -> OneOrSeveral<TreeText> {
    let text = |text: W| TreeText::unchecked(&text.into());
    OneOrSeveral::Several(texts.into_iter().map(text).collect())
}

fn joined(texts: &OneOrSeveral<TreeText>) -> String {
    let texts: Vec<&str> = texts.iter().map(TreeText::as_str).collect();
    texts.join(" ")
}

/// Refuses texts that `of` refuses once they are filled in, if they need no environment.
fn check_each<'a, T>(
    texts: impl IntoIterator<Item = &'a TreeText>,
    variables: &Variables,
    of: impl Fn(&str) -> Result<T, StepError>,
) -> Result<(), StepError> {
    for text in texts {
        if let Some(text) = text.without_environment(variables)? {
            of(&text)?;
        }
    }
    Ok(())
}

pub(super) fn joined_words(words: &[Template]) -> String {
    let words: Vec<&str> = words.iter().map(Template::as_str).collect();
    words.join(" ")
}

pub(super) fn expanded(
    words: &[Template],
    context: &StepContext<'_>,
) -> Result<Vec<String>, StepError> {
    words.iter().map(|word| context.expand(word)).collect()
}

pub(super) fn as_texts<'a, T: Text + 'a>(
    texts: impl IntoIterator<Item = &'a T>,
) -> Vec<&'a dyn Text> {
    texts.into_iter().map(|text| text as &dyn Text).collect()
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
            expose: several(ports),
        }
    }
}

impl Volume {
    /// Declares volumes, by absolute paths.
    pub fn new<W: Into<String>>(paths: impl IntoIterator<Item = W>) -> Self {
        Self {
            volume: several(paths),
        }
    }
}

impl StopSignal {
    /// Sets the signal, by its name or number, as `SIGQUIT`.
    pub fn new(signal: &str) -> Self {
        Self {
            signal: TreeText::unchecked(signal),
        }
    }
}

/// Whether an engine knows the signal: `SIGTERM`, `SIGRTMIN+3`, `9`.
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

fn signal(text: &str) -> Result<String, StepError> {
    if is_signal(text) {
        return Ok(text.to_owned());
    }
    let reason = format!("`{text}` is not a signal: write `SIGQUIT` or `3`");
    Err(StepError::Refused { reason })
}

/// A port with its protocol, in the form of image configs.
fn port(text: &str) -> Result<String, StepError> {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let is_port = number.parse::<u16>().is_ok_and(|number| number > 0);
    if is_port && matches!(protocol, "tcp" | "udp" | "sctp") {
        return Ok(format!("{number}/{protocol}"));
    }
    let reason = format!("`{text}` is not a port: write `8080` or `53/udp`");
    Err(StepError::Refused { reason })
}

fn volume(text: &str) -> Result<String, StepError> {
    if text.starts_with('/') {
        return Ok(text.to_owned());
    }
    let reason = format!("the volume `{text}` is not an absolute path");
    Err(StepError::Refused { reason })
}

impl Apply for Entrypoint {
    fn title(&self) -> String {
        format!("entrypoint {}", joined_words(&self.entrypoint))
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(Vec::new())
    }

    fn apply(&self, mut tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        tree.config.entrypoint = expanded(&self.entrypoint, context)?;
        if !tree.has_own_cmd {
            tree.config.cmd.clear();
        }
        Ok(tree)
    }

    fn texts(&self) -> Vec<&dyn Text> {
        as_texts(&self.entrypoint)
    }
}

impl Apply for Cmd {
    fn title(&self) -> String {
        format!("cmd {}", joined_words(&self.cmd))
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(Vec::new())
    }

    fn apply(&self, mut tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        tree.config.cmd = expanded(&self.cmd, context)?;
        tree.has_own_cmd = true;
        Ok(tree)
    }

    fn texts(&self) -> Vec<&dyn Text> {
        as_texts(&self.cmd)
    }
}

impl Apply for Expose {
    fn title(&self) -> String {
        format!("expose {}", joined(&self.expose))
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(Vec::new())
    }

    fn apply(&self, mut tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        for text in self.expose.iter() {
            tree.config.exposed_ports.extend(context.read(text, port)?);
        }
        Ok(tree)
    }

    fn texts(&self) -> Vec<&dyn Text> {
        as_texts(self.expose.iter())
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        check_each(self.expose.iter(), variables, port)
    }
}

impl Apply for Volume {
    fn title(&self) -> String {
        format!("volume {}", joined(&self.volume))
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(Vec::new())
    }

    fn apply(&self, mut tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        for text in self.volume.iter() {
            tree.config.volumes.extend(context.read(text, volume)?);
        }
        Ok(tree)
    }

    fn texts(&self) -> Vec<&dyn Text> {
        as_texts(self.volume.iter())
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        check_each(self.volume.iter(), variables, volume)
    }
}

impl Apply for StopSignal {
    fn title(&self) -> String {
        format!("stop-signal {}", self.signal)
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(Vec::new())
    }

    fn apply(&self, mut tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        tree.config.stop_signal = context.read(&self.signal, signal)?;
        Ok(tree)
    }

    fn texts(&self) -> Vec<&dyn Text> {
        vec![&self.signal]
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        check_each([&self.signal], variables, signal)
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
            assert_eq!(port(text).ok().as_deref(), expected, "{text}");
        };
        check("8080", Some("8080/tcp"));
        check("53/udp", Some("53/udp"));
        check("0", None);
        check("65536", None);
        check("80/http", None);
        check("http", None);
    }
}

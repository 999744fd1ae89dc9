//! The check that tells an engine whether a container of the image is healthy.

use std::fmt;

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, SeqAccess, Visitor, value::SeqAccessDeserializer},
};

use super::{
    Apply, Read, Reader, StepContext, StepError,
    image::{as_texts, expanded, joined_words},
};
use crate::{
    image_config::HealthConfig,
    template::{Script, Template, Text, Variables},
    tree::Tree,
};

/// Sets how an image's health is checked. Times are written as `30s` or `1m30s`; without them the engine has its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Healthcheck {
    /// A shell command, or a program with its arguments; an empty list for no check, whatever the base has.
    #[serde(rename = "healthcheck")]
    test: Test,
    /// The time between two checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    interval: Option<Template>,
    /// How long one check may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timeout: Option<Template>,
    /// How long a container may take to start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start_period: Option<Template>,
    /// The time between two checks while it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start_interval: Option<Template>,
    /// After how many failures in a row it counts as unhealthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retries: Option<u32>,
}

/// What checks: a shell command as it is, or a program with its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "HealthcheckTest")]
enum Test {
    Shell(Script),
    Program(Vec<Template>),
}

impl<'de> Deserialize<'de> for Test {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShellOrProgram)
    }
}

struct ShellOrProgram;

impl<'de> Visitor<'de> for ShellOrProgram {
    type Value = Test;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a shell command, or a list of a program and its arguments")
    }

    fn visit_str<E: Error>(self, command: &str) -> Result<Test, E> {
        command.parse().map(Test::Shell).map_err(Error::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, words: A) -> Result<Test, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(words)).map(Test::Program)
    }
}

impl Healthcheck {
    /// Checks with a shell command.
    pub fn command(command: &str) -> Self {
        Self::of(Test::Shell(Script::unchecked(command)))
    }

    /// Checks with a program and its arguments.
    pub fn program<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Self {
        let word = |word: W| Template::unchecked(&word.into());
        Self::of(Test::Program(words.into_iter().map(word).collect()))
    }

    /// No check, whatever the base has.
    pub fn none() -> Self {
        Self::of(Test::Program(Vec::new()))
    }

    fn of(test: Test) -> Self {
        Self {
            test,
            interval: None,
            timeout: None,
            start_period: None,
            start_interval: None,
            retries: None,
        }
    }

    /// Sets the time between two checks, as `30s`.
    pub fn interval(mut self, time: &str) -> Self {
        self.interval = Some(Template::unchecked(time));
        self
    }

    /// Sets how long one check may take, as `5s`.
    pub fn timeout(mut self, time: &str) -> Self {
        self.timeout = Some(Template::unchecked(time));
        self
    }

    /// Sets how long a container may take to start, as `1m`.
    pub fn start_period(mut self, time: &str) -> Self {
        self.start_period = Some(Template::unchecked(time));
        self
    }

    /// Sets the time between two checks while it starts, as `1s`.
    pub fn start_interval(mut self, time: &str) -> Self {
        self.start_interval = Some(Template::unchecked(time));
        self
    }

    /// Sets after how many failures in a row it counts as unhealthy.
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = Some(retries);
        self
    }

    /// The test in the form of image configs.
    fn test(&self, context: &StepContext<'_>) -> Result<Vec<String>, StepError> {
        let kind = |kind: &str| vec![kind.to_owned()];
        Ok(match &self.test {
            Test::Shell(command) => [kind("CMD-SHELL"), vec![context.expand(command)?]].concat(),
            Test::Program(words) if words.is_empty() => kind("NONE"),
            Test::Program(words) => [kind("CMD"), expanded(words, context)?].concat(),
        })
    }

    fn times(&self) -> [&Option<Template>; 4] {
        [
            &self.interval,
            &self.timeout,
            &self.start_period,
            &self.start_interval,
        ]
    }
}

/// The nanoseconds of a time. Engines need one millisecond at least.
fn nanoseconds(time: &str) -> Option<i64> {
    let time: SignedDuration = time.parse().ok()?;
    let is_long_enough = time >= SignedDuration::from_millis(1);
    is_long_enough.then(|| i64::try_from(time.as_nanos()).ok())?
}

/// The nanoseconds of a time that is given; 0 for the engine's default.
fn time(text: Option<&Template>, variables: &Variables) -> Result<i64, StepError> {
    let Some(text) = text else {
        return Ok(0);
    };
    let time = text.expand(variables)?;
    nanoseconds(&time).ok_or_else(|| {
        let reason = format!("`{time}` is not a time: write `30s` or `1m30s`, at least `1ms`");
        StepError::Refused { reason }
    })
}

impl Apply for Healthcheck {
    fn title(&self) -> String {
        match &self.test {
            Test::Shell(command) => format!("healthcheck {command}"),
            Test::Program(words) if words.is_empty() => "healthcheck none".to_owned(),
            Test::Program(words) => format!("healthcheck {}", joined_words(words)),
        }
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(Vec::new())
    }

    fn apply(&self, mut tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let time = |text: &Option<_>| time(text.as_ref(), context.variables());
        tree.config.healthcheck = Some(HealthConfig {
            test: self.test(context)?,
            interval: time(&self.interval)?,
            timeout: time(&self.timeout)?,
            start_period: time(&self.start_period)?,
            start_interval: time(&self.start_interval)?,
            retries: self.retries.unwrap_or(0).into(),
        });
        Ok(tree)
    }

    fn texts(&self) -> Vec<&dyn Text> {
        let mut texts: Vec<&dyn Text> = match &self.test {
            Test::Shell(command) => vec![command],
            Test::Program(words) => as_texts(words),
        };
        texts.extend(as_texts(self.times().into_iter().flatten()));
        texts
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        let mut times = self.times().into_iter();
        times.try_for_each(|text| time(text.as_ref(), variables).map(drop))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_nanoseconds() {
        let check = |text: &str, expected: Option<i64>| {
            assert_eq!(nanoseconds(text), expected, "{text}");
        };
        check("30s", Some(30_000_000_000));
        check("1m30s", Some(90_000_000_000));
        check("1ms", Some(1_000_000));
        check("1us", None);
        check("-1s", None);
        check("30", None);
        check("300000h", Some(1_080_000_000_000_000_000));
        check("30000000h", None);
    }
}

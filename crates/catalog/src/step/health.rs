//! How an engine finds out whether a container of the image is well.

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Apply, Read, Reader, StepContext, StepError};
use crate::{
    file::OneOrSeveral,
    tree::{HealthConfig, Tree},
};

/// Sets how an image's health is checked. Times are written as `30s` or `1m30s`; without them the engine has its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Healthcheck {
    /// A shell command, or a program with its arguments; an empty list for no check, whatever the base has.
    #[serde(rename = "healthcheck")]
    test: OneOrSeveral,
    /// The time between two checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    interval: Option<String>,
    /// How long one check may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timeout: Option<String>,
    /// How long a container may take to start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start_period: Option<String>,
    /// The time between two checks while it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start_interval: Option<String>,
    /// After how many failures in a row it counts as unhealthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retries: Option<u32>,
}

impl Healthcheck {
    /// Checks with a shell command.
    pub fn command(command: &str) -> Self {
        Self::of(OneOrSeveral::One(command.to_owned()))
    }

    /// Checks with a program and its arguments.
    pub fn program<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Self {
        let words = words.into_iter().map(Into::into).collect();
        Self::of(OneOrSeveral::Several(words))
    }

    /// No check, whatever the base has.
    pub fn none() -> Self {
        Self::of(OneOrSeveral::Several(Vec::new()))
    }

    fn of(test: OneOrSeveral) -> Self {
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
        self.interval = Some(time.to_owned());
        self
    }

    /// Sets how long one check may take, as `5s`.
    pub fn timeout(mut self, time: &str) -> Self {
        self.timeout = Some(time.to_owned());
        self
    }

    /// Sets how long a container may take to start, as `1m`.
    pub fn start_period(mut self, time: &str) -> Self {
        self.start_period = Some(time.to_owned());
        self
    }

    /// Sets the time between two checks while it starts, as `1s`.
    pub fn start_interval(mut self, time: &str) -> Self {
        self.start_interval = Some(time.to_owned());
        self
    }

    /// Sets after how many failures in a row it counts as unhealthy.
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = Some(retries);
        self
    }

    /// As image configs have it.
    fn test(&self) -> Vec<String> {
        let kind = |kind: &str| vec![kind.to_owned()];
        match &self.test {
            OneOrSeveral::One(command) => [kind("CMD-SHELL"), vec![command.clone()]].concat(),
            OneOrSeveral::Several(words) if words.is_empty() => kind("NONE"),
            OneOrSeveral::Several(words) => [kind("CMD"), words.clone()].concat(),
        }
    }

    fn times(&self) -> [&Option<String>; 4] {
        [
            &self.interval,
            &self.timeout,
            &self.start_period,
            &self.start_interval,
        ]
    }
}

/// Nanoseconds; engines want a millisecond at least.
fn nanoseconds(time: &str) -> Option<i64> {
    let time: SignedDuration = time.parse().ok()?;
    let is_long_enough = time >= SignedDuration::from_millis(1);
    is_long_enough.then(|| i64::try_from(time.as_nanos()).ok())?
}

impl Apply for Healthcheck {
    fn title(&self) -> String {
        match &self.test {
            OneOrSeveral::One(command) => format!("healthcheck {command}"),
            OneOrSeveral::Several(words) if words.is_empty() => "healthcheck none".to_owned(),
            OneOrSeveral::Several(words) => format!("healthcheck {}", words.join(" ")),
        }
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(Vec::new())
    }

    fn apply(&self, mut tree: Tree, _: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let times = self
            .times()
            .map(|time| time.as_deref().and_then(nanoseconds).unwrap_or(0));
        let [interval, timeout, start_period, start_interval] = times;
        tree.config.healthcheck = Some(HealthConfig {
            test: self.test(),
            interval,
            timeout,
            start_period,
            start_interval,
            retries: self.retries.unwrap_or(0).into(),
        });
        Ok(tree)
    }

    fn problems(&self) -> Vec<String> {
        let times = self.times().into_iter().flatten();
        let odd = times.filter(|time| nanoseconds(time).is_none());
        odd.map(|time| format!("`{time}` is not a time: write `30s` or `1m30s`, at least `1ms`"))
            .collect()
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

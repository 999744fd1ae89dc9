//! `HEALTHCHECK`.

use super::{CommandLine, flags::Flags};

/// The check of an image's health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Health {
    /// What checks; nothing for `NONE`.
    pub(crate) test: Option<CommandLine>,
    /// `interval`, `timeout`, `start-period` and `start-interval`, as they are written.
    pub(crate) times: Vec<(&'static str, String)>,
    pub(crate) retries: Option<u32>,
}

const TIMES: [&str; 4] = ["interval", "timeout", "start-period", "start-interval"];

impl Health {
    pub(super) fn parse(
        mut flags: Flags,
        argument: &str,
        line: &str,
        joints: &[usize],
    ) -> Result<Self, String> {
        let (word, rest) = argument
            .split_once(char::is_whitespace)
            .unwrap_or((argument, ""));
        let rest = rest.trim_start();
        let mut times = Vec::new();
        for name in TIMES {
            times.extend(flags.one(name)?.map(|value| (name, value)));
        }
        let retries = flags.one("retries")?;
        flags.end()?;
        let retries = retries.map(|text| {
            let number = text.parse::<u32>();
            number.map_err(|_| format!("`--retries={text}` is no number"))
        });
        let test = match (word.to_uppercase().as_str(), rest) {
            ("NONE", "") => None,
            ("NONE", _) => return Err("HEALTHCHECK NONE takes nothing".to_owned()),
            ("CMD", "") => return Err("HEALTHCHECK CMD has no command".to_owned()),
            ("CMD", rest) => Some(CommandLine::parse(rest, line, joints)?),
            _ => {
                return Err(format!(
                    "HEALTHCHECK has no `{word}`: write `CMD` or `NONE`"
                ));
            }
        };
        Ok(Self {
            test,
            times,
            retries: retries.transpose()?.filter(|number| *number > 0),
        })
    }
}

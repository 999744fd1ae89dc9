//! Instructions.

use super::{
    CommandLine, Health, Heredoc, SyntaxError, Transfer,
    command_line::list,
    flags::{self, Flags},
    lines::{Line, Lines},
    name::name,
};
use crate::words::split;

/// An instruction at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    /// The number of its first line.
    pub(crate) line: usize,
    /// The comments before and in it.
    pub(crate) comments: Vec<String>,
    /// Its text, with lines joined.
    pub(crate) text: String,
    pub(crate) instruction: Instruction,
}

/// What an instruction says; words are as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Instruction {
    From(From),
    Arg(Vec<(String, Option<String>)>),
    Env(Vec<Pair>),
    Label(Vec<Pair>),
    Run(Run),
    Cmd(CommandLine),
    Entrypoint(CommandLine),
    Shell(Vec<String>),
    Healthcheck(Health),
    Transfer(Box<Transfer>),
    Workdir(String),
    User(String),
    Expose(Vec<String>),
    Volume(Vec<String>),
    StopSignal(String),
    Maintainer(String),
    Onbuild(String),
}

/// A name and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) key: String,
    pub(crate) value: String,
}

/// `FROM`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct From {
    pub(crate) base: String,
    /// The stage's name, in small letters.
    pub(crate) name: Option<String>,
    pub(crate) platform: Option<String>,
}

/// `RUN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) command: CommandLine,
    pub(crate) heredocs: Vec<Heredoc>,
    /// The values of `--mount`.
    pub(crate) mounts: Vec<String>,
    pub(crate) network: Option<String>,
    pub(crate) security: Option<String>,
    pub(crate) devices: Vec<String>,
}

/// What an instruction is read from.
struct Parts<'a> {
    text: &'a str,
    line: &'a str,
    joints: &'a [usize],
    escape: char,
    heredocs: Vec<Heredoc>,
}

impl Statement {
    pub(super) fn parse(
        line: Line,
        escape: char,
        lines: &mut Lines<'_>,
    ) -> Result<Self, SyntaxError> {
        let number = line.number;
        let refused = |reason: String| SyntaxError::new(number, reason);
        let whole = line.text.trim();
        let (word, rest) = whole.split_once(blank).unwrap_or((whole, ""));
        let name = name(word).map_err(refused)?;
        let (given, text) = flags::split(rest, escape);
        let text = text.trim();
        let heredocs = heredocs(name, text, &line.text, number, lines)?;
        let parts = Parts {
            text,
            line: &line.text,
            joints: &line.joints,
            escape,
            heredocs,
        };
        let instruction = parts.instruction(name, Flags::new(name, given));
        let instruction = instruction.map_err(refused)?;
        Ok(Self {
            line: number,
            comments: line.comments,
            text: whole.to_owned(),
            instruction,
        })
    }
}

fn blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ')
}

/// Words between blanks.
pub(super) fn words(text: &str) -> Vec<String> {
    let words = text.split(blank).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// The heredocs of an instruction that may have some, with their contents.
fn heredocs(
    name: &str,
    text: &str,
    line: &str,
    number: usize,
    lines: &mut Lines<'_>,
) -> Result<Vec<Heredoc>, SyntaxError> {
    let inner = text.split(blank).next().unwrap_or_default().to_uppercase();
    let may_have = |name: &str| matches!(name, "RUN" | "COPY" | "ADD");
    let may = may_have(name) || name == "ONBUILD" && may_have(&inner);
    if !may || !line.contains("<<") || matches!(list(text), Ok(Some(_))) {
        return Ok(Vec::new());
    }
    let mut heredocs = Heredoc::of_line(line);
    for heredoc in &mut heredocs {
        heredoc.content = lines.content(heredoc, number)?;
    }
    Ok(heredocs)
}

impl Parts<'_> {
    fn instruction(self, name: &'static str, flags: Flags) -> Result<Instruction, String> {
        Ok(match name {
            "FROM" => return self.from(flags),
            "RUN" => return self.run(flags),
            "COPY" | "ADD" => {
                let is_add = name == "ADD";
                let transfer = Transfer::parse(is_add, flags, self.text, &self.heredocs)?;
                Instruction::Transfer(Box::new(transfer))
            }
            "HEALTHCHECK" => {
                let health = Health::parse(flags, self.text, self.line, self.joints)?;
                Instruction::Healthcheck(health)
            }
            _ => {
                flags.end()?;
                self.without_flags(name)?
            }
        })
    }

    fn without_flags(&self, name: &'static str) -> Result<Instruction, String> {
        Ok(match name {
            "ARG" => Instruction::Arg(self.arguments()?),
            "ENV" => Instruction::Env(self.pairs(name)?),
            "LABEL" => Instruction::Label(self.pairs(name)?),
            "CMD" => Instruction::Cmd(self.command()?),
            "ENTRYPOINT" => Instruction::Entrypoint(self.command()?),
            "SHELL" => match list(self.text)? {
                Some(words) if !words.is_empty() => Instruction::Shell(words),
                _ => return Err("SHELL takes a list in JSON".to_owned()),
            },
            "WORKDIR" => Instruction::Workdir(self.one(name)?),
            "USER" => Instruction::User(self.one(name)?),
            "EXPOSE" => {
                let mut ports = words(&self.one(name)?);
                ports.sort();
                Instruction::Expose(ports)
            }
            "VOLUME" => {
                let text = self.one(name)?;
                Instruction::Volume(list(&text)?.unwrap_or_else(|| words(&text)))
            }
            "STOPSIGNAL" => Instruction::StopSignal(self.one(name)?),
            "MAINTAINER" => Instruction::Maintainer(self.one(name)?),
            _ => Instruction::Onbuild(self.one(name)?),
        })
    }

    fn one(&self, name: &str) -> Result<String, String> {
        if self.text.is_empty() {
            return Err(format!("{name} needs an argument"));
        }
        Ok(self.text.to_owned())
    }

    fn command(&self) -> Result<CommandLine, String> {
        CommandLine::parse(self.text, self.line, self.joints)
    }

    fn from(&self, mut flags: Flags) -> Result<Instruction, String> {
        let platform = flags.one("platform")?;
        flags.end()?;
        let words = words(self.text);
        let (base, name) = match words.as_slice() {
            [base] => (base, None),
            [base, word, name] if word.eq_ignore_ascii_case("as") => (base, Some(name)),
            _ => return Err("FROM takes `IMAGE` or `IMAGE AS NAME`".to_owned()),
        };
        let name = name.map(|name| name.to_lowercase());
        if let Some(name) = name.as_deref().filter(|name| !is_stage_name(name)) {
            return Err(format!(
                "`{name}` is no name of a stage: it begins with a letter, and has letters, digits, `-`, `_` and `.`"
            ));
        }
        Ok(Instruction::From(From {
            base: base.clone(),
            name,
            platform,
        }))
    }

    fn run(self, mut flags: Flags) -> Result<Instruction, String> {
        let mounts = flags.all("mount")?;
        let network = flags.one("network")?;
        let security = flags.one("security")?;
        let devices = flags.all("device")?;
        flags.end()?;
        let command = self.command()?;
        Ok(Instruction::Run(Run {
            command,
            heredocs: self.heredocs,
            mounts,
            network,
            security,
            devices,
        }))
    }

    fn arguments(&self) -> Result<Vec<(String, Option<String>)>, String> {
        let words = split(self.text, self.escape);
        if words.is_empty() {
            return Err("ARG needs a name".to_owned());
        }
        let argument = |word: String| match word.split_once('=') {
            Some(("", _)) => Err("ARG needs a name before `=`".to_owned()),
            Some((name, value)) => Ok((name.to_owned(), Some(value.to_owned()))),
            None => Ok((word, None)),
        };
        words.into_iter().map(argument).collect()
    }

    fn pairs(&self, name: &str) -> Result<Vec<Pair>, String> {
        let words = split(self.text, self.escape);
        let first = words
            .first()
            .ok_or_else(|| format!("{name} needs an argument"))?;
        if !first.contains('=') {
            let (key, value) = self
                .text
                .split_once(blank)
                .ok_or_else(|| format!("{name} needs a value for `{first}`, as `{first}=value`"))?;
            let value = value.trim_start_matches(blank);
            return Ok(vec![Pair {
                key: key.to_owned(),
                value: value.to_owned(),
            }]);
        }
        let pair = |word: &String| match word.split_once('=') {
            Some(("", _)) => Err(format!("{name} needs a name before `=`")),
            Some((key, value)) => Ok(Pair {
                key: key.to_owned(),
                value: value.to_owned(),
            }),
            None => Err(format!("`{word}` has no `=`: {name} takes `name=value`")),
        };
        words.iter().map(pair).collect()
    }
}

fn is_stage_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c))
}

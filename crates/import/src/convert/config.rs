//! Instructions that only an image's config has.

use std::collections::BTreeMap;

use super::{Loss, stage::StageConversion};
use crate::{
    dockerfile::{CommandLine, Health, Pair},
    finding::Weight,
    model::Value,
    text::{Script, Text, braces_doubled},
};

impl StageConversion<'_, '_, '_> {
    pub(super) fn env(&mut self, pairs: &[Pair]) -> Result<(), Loss> {
        let table = self.table(pairs)?;
        for (name, text) in &table {
            self.bind_environment(name, text);
        }
        self.step("env", tree_texts(&table), Vec::new());
        Ok(())
    }

    pub(super) fn label(&mut self, pairs: &[Pair]) -> Result<(), Loss> {
        let table = self.table(pairs)?;
        self.step("label", tree_texts(&table), Vec::new());
        Ok(())
    }

    /// Names with their values, each name once: the last value counts.
    fn table(&mut self, pairs: &[Pair]) -> Result<Vec<(String, Text)>, Loss> {
        let mut table: Vec<(String, Text)> = Vec::new();
        let mut places = BTreeMap::new();
        for Pair { key, value } in pairs {
            let text = self.evaluate(key)?;
            let name = self.known(&text).ok_or_else(|| {
                Loss::new(format!(
                    "the name `{key}` hangs on a variable that only the base knows"
                ))
            })?;
            if text.as_literal().is_none() {
                let reason = format!("the name `{key}` is `{name}`, whatever --set says");
                self.tell(Weight::Changed, &reason);
            }
            let value = self.evaluate(value)?;
            if let Some(place) = places.get(&name) {
                table[*place] = (name, value);
            } else {
                places.insert(name.clone(), table.len());
                table.push((name, value));
            }
        }
        Ok(table)
    }

    pub(super) fn workdir(&mut self, word: &str) -> Result<(), Loss> {
        let path = self.path(word)?;
        let path = match path.as_literal() {
            Some(literal) if literal.len() > 1 => Text::literal(literal.trim_end_matches('/')),
            _ => path,
        };
        if let Some(user) = self.end.user.clone().filter(|user| !is_root(user)) {
            // WORKDIR makes directories for the user; the step of that name makes them for root.
            let owner = Value::text(user.tree_text());
            self.missing_directories(path.tree_text(), vec![("owner", owner)]);
        }
        self.step("workdir", Value::text(path.tree_text()), Vec::new());
        self.end.workdir = Some(path);
        Ok(())
    }

    pub(super) fn user(&mut self, word: &str) -> Result<(), Loss> {
        let user = self.evaluate(word)?;
        if user.is_empty() {
            return Err(Loss::new("USER is empty"));
        }
        self.step("user", Value::text(user.tree_text()), Vec::new());
        self.end.user = Some(user);
        Ok(())
    }

    pub(super) fn expose(&mut self, words: &[String]) -> Result<(), Loss> {
        let mut ports = Vec::new();
        for word in words {
            let text = self.evaluate(word)?;
            match text.as_literal() {
                Some(literal) => ports.extend(expanded(&literal)?),
                None => ports.push(text.tree_text()),
            }
        }
        self.step("expose", Value::one_or_list(ports), Vec::new());
        Ok(())
    }

    pub(super) fn volume(&mut self, words: &[String]) -> Result<(), Loss> {
        let mut paths = Vec::new();
        for word in words {
            let text = self.evaluate(word.trim())?;
            let start = text
                .literal_start()
                .map(str::to_owned)
                .or_else(|| self.known(&text));
            if start.is_some_and(|start| !start.starts_with('/')) {
                let reason = format!("the volume `{word}` is not an absolute path");
                return Err(Loss::new(reason));
            }
            paths.push(text.tree_text());
        }
        if !paths.is_empty() {
            self.step("volume", Value::one_or_list(paths), Vec::new());
        }
        Ok(())
    }

    pub(super) fn stop_signal(&mut self, word: &str) -> Result<(), Loss> {
        let text = self.evaluate(word)?;
        let signal = match text.as_literal() {
            Some(name) if name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                let upper = name.to_uppercase();
                let full = format!("SIG{}", upper.trim_start_matches("SIG"));
                if full != name {
                    self.tell(
                        Weight::Changed,
                        &format!("the signal `{name}` is `{full}` here"),
                    );
                }
                Text::literal(full)
            }
            _ => text,
        };
        self.step("stop-signal", Value::text(signal.tree_text()), Vec::new());
        Ok(())
    }

    pub(super) fn command(&mut self, kind: &str, command: &CommandLine) {
        let words = match command {
            CommandLine::Exec(words) => words.clone(),
            CommandLine::Shell(shell) if shell.text.is_empty() => Vec::new(),
            CommandLine::Shell(shell) => {
                let mut words = self.end.shell.clone();
                words.push(shell.text.clone());
                words
            }
        };
        self.step(kind, literals(&words), Vec::new());
    }

    pub(super) fn set_shell(&mut self, words: &[String]) {
        self.end.shell = words.to_vec();
        let reason = "SHELL is said by `shell`; the image's config has no shell, which only Docker's builder reads";
        self.tell(Weight::Changed, reason);
    }

    pub(super) fn health(&mut self, health: &Health) {
        let test = match &health.test {
            None => Value::List(Vec::new()),
            Some(CommandLine::Exec(words)) => literals(words),
            Some(CommandLine::Shell(shell)) => Value::Script(Script::literal(&shell.text)),
        };
        let mut others = Vec::new();
        for (name, value) in &health.times {
            if !matches!(value.as_str(), "" | "0" | "0s") {
                others.push((*name, Value::text(braces_doubled(value))));
            }
        }
        let retries = health
            .retries
            .map(|number| ("retries", Value::Number(number)));
        others.extend(retries);
        self.step("healthcheck", test, others);
    }
}

fn tree_texts(table: &[(String, Text)]) -> Value {
    let pair = |(name, text): &(String, Text)| (name.clone(), Value::text(text.tree_text()));
    Value::Table(table.iter().map(pair).collect())
}

/// Words of class T without a variable.
fn literals(words: &[String]) -> Value {
    Value::list(words.iter().map(|word| braces_doubled(word)))
}

/// Whether a user is root for certain.
pub(super) fn is_root(user: &Text) -> bool {
    let literal = user.as_literal().unwrap_or_default();
    matches!(literal.split(':').next(), Some("root" | "0"))
}

/// The ports of a text of EXPOSE: a range is each of its ports, and what is before the container's port is nothing.
fn expanded(text: &str) -> Result<Vec<String>, Loss> {
    let refused = || Loss::new(format!("`{text}` is not a port"));
    let container = text.rsplit(':').next().unwrap_or(text);
    let (ports, protocol) = container.split_once('/').unwrap_or((container, ""));
    let number = |port: &str| port.parse::<u16>().map_err(|_| refused());
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let (first, last) = (number(first)?, number(last)?);
    if first > last || first == 0 {
        return Err(refused());
    }
    let protocol = protocol.to_lowercase();
    let port = |number: u16| {
        if protocol.is_empty() {
            number.to_string()
        } else {
            format!("{number}/{protocol}")
        }
    };
    Ok((first..=last).map(port).collect())
}

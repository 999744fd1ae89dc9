//! Flags of an instruction: `--name=value`.

/// A flag, without its dashes. One without a value is `true`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flag {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}

/// The flags at the beginning of `line`, and what follows them.
pub(super) fn split(line: &str, escape: char) -> (Vec<Flag>, &str) {
    let mut flags = Vec::new();
    let mut rest = line.trim_start();
    while rest.starts_with("--") {
        let (word, after) = word(rest, escape);
        rest = after.trim_start();
        if word == "--" {
            break;
        }
        flags.push(flag(&word));
    }
    (flags, rest)
}

fn flag(word: &str) -> Flag {
    let word = word.strip_prefix("--").unwrap_or(word);
    let (name, value) = match word.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (word, None),
    };
    let name = name.to_owned();
    Flag { name, value }
}

/// The first word, without quotes and escapes, and what follows it.
fn word(text: &str, escape: char) -> (String, &str) {
    let (mut word, mut quote) = (String::new(), None);
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match quote {
            None if c.is_whitespace() => return (word, &text[at..]),
            None if c == '\'' || c == '"' => quote = Some(c),
            Some(open) if c == open => quote = None,
            _ if c == escape => word.extend(chars.next().map(|(_, c)| c)),
            _ => word.push(c),
        }
    }
    (word, "")
}

/// Flags that an instruction may have, taken one by one.
pub(super) struct Flags {
    instruction: &'static str,
    given: Vec<Flag>,
    known: Vec<&'static str>,
}

impl Flags {
    pub(super) fn new(instruction: &'static str, given: Vec<Flag>) -> Self {
        Self {
            instruction,
            given,
            known: Vec::new(),
        }
    }

    /// All values of a flag that may be repeated.
    pub(super) fn all(&mut self, name: &'static str) -> Result<Vec<String>, String> {
        self.known.push(name);
        let (taken, given) = std::mem::take(&mut self.given)
            .into_iter()
            .partition(|flag| flag.name == name);
        self.given = given;
        let values = taken.into_iter().map(|Flag { value, .. }: Flag| value);
        values
            .map(|value| value.ok_or_else(|| format!("the flag `--{name}` has no value")))
            .collect()
    }

    pub(super) fn one(&mut self, name: &'static str) -> Result<Option<String>, String> {
        let mut values = self.all(name)?;
        match values.len() {
            0 | 1 => Ok(values.pop()),
            _ => Err(format!("the flag `--{name}` stands there twice")),
        }
    }

    pub(super) fn bool(&mut self, name: &'static str) -> Result<Option<bool>, String> {
        for flag in &mut self.given {
            if flag.name == name && flag.value.is_none() {
                flag.value = Some("true".to_owned());
            }
        }
        let value = self.one(name)?;
        let read = value.map(|value| match value.to_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(format!(
                "the flag `--{name}` is `true` or `false`, not `{other}`"
            )),
        });
        read.transpose()
    }

    /// Refuses flags that were not taken.
    pub(super) fn end(self) -> Result<(), String> {
        let Some(Flag { name, .. }) = self.given.first() else {
            return Ok(());
        };
        let instruction = self.instruction;
        let nearest = self
            .known
            .iter()
            .filter(|known| strsim::damerau_levenshtein(known, name) <= 2)
            .min_by_key(|known| strsim::damerau_levenshtein(known, name));
        Err(match nearest {
            Some(near) => {
                format!("{instruction} has no flag `--{name}`; did you mean `--{near}`?")
            }
            None => format!("{instruction} has no flag `--{name}`"),
        })
    }
}

//! The fields of `RUN --mount`, before and after their variables are known.

/// A field of a mount: `key=value`, or `key` alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) key: String,
    pub(crate) value: Option<String>,
}

/// The fields of a mount, which are CSV.
pub(crate) fn fields(text: &str) -> Result<Vec<Field>, String> {
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let (field, after) = csv_field(rest)?;
        let (key, value) = match field.split_once('=') {
            Some((key, value)) => (key, Some(value.to_owned())),
            None => (field.as_str(), None),
        };
        let key = key.to_lowercase();
        fields.push(Field { key, value });
        match after {
            Some(after) => rest = after,
            None => return Ok(fields),
        }
    }
}

/// The first field, and what is behind the comma after it.
fn csv_field(text: &str) -> Result<(String, Option<&str>), String> {
    let Some(quoted) = text.strip_prefix('"') else {
        return Ok(match text.split_once(',') {
            Some((field, rest)) => (field.to_owned(), Some(rest)),
            None => (text.to_owned(), None),
        });
    };
    let mut field = String::new();
    let mut chars = quoted.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c != '"' {
            field.push(c);
        } else if chars.next_if(|(_, c)| *c == '"').is_some() {
            field.push('"');
        } else {
            return match &quoted[at + 1..] {
                "" => Ok((field, None)),
                rest => match rest.strip_prefix(',') {
                    Some(rest) => Ok((field, Some(rest))),
                    None => Err(format!("`{text}` has a quote inside a field")),
                },
            };
        }
    }
    Err(format!("`{text}` has a quote that is not closed"))
}

/// A mount, with the types that BuildKit knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Mount {
    pub(crate) kind: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) target: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) sharing: Option<String>,
    pub(crate) env: Option<String>,
    pub(crate) size: Option<String>,
    pub(crate) mode: Option<String>,
    pub(crate) uid: Option<String>,
    pub(crate) gid: Option<String>,
    pub(crate) read_only: Option<bool>,
    pub(crate) required: bool,
}

const KEYS: &str = "type, from, source, target, readonly, readwrite, id, sharing, required, size, mode, uid, gid, env";

impl Mount {
    /// The mount with these fields.
    pub(crate) fn new(fields: Vec<Field>) -> Result<Self, String> {
        let mut mount = Self::default();
        for Field { key, value } in fields {
            let is = |value: &Option<String>| flag(&key, value.as_deref());
            match key.as_str() {
                "readonly" | "ro" => mount.read_only = Some(is(&value)?),
                "readwrite" | "rw" => mount.read_only = Some(!is(&value)?),
                "required" => mount.required = is(&value)?,
                _ => {
                    let field = mount.text(&key)?;
                    *field = Some(value.ok_or_else(|| format!("`{key}` has no value"))?);
                }
            }
        }
        mount.kind = mount.kind.map(|kind| kind.to_lowercase());
        mount.sharing = mount.sharing.map(|sharing| sharing.to_lowercase());
        Ok(mount)
    }

    fn text(&mut self, key: &str) -> Result<&mut Option<String>, String> {
        Ok(match key {
            "type" => &mut self.kind,
            "from" => &mut self.from,
            "source" | "src" => &mut self.source,
            "target" | "dst" | "destination" => &mut self.target,
            "id" => &mut self.id,
            "sharing" => &mut self.sharing,
            "env" => &mut self.env,
            "size" => &mut self.size,
            "mode" => &mut self.mode,
            "uid" => &mut self.uid,
            "gid" => &mut self.gid,
            other => return Err(format!("a mount has no `{other}`: {KEYS}")),
        })
    }
}

fn flag(key: &str, value: Option<&str>) -> Result<bool, String> {
    match value {
        None | Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
        Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
        Some(other) => Err(format!("`{key}={other}` is neither true nor false")),
    }
}

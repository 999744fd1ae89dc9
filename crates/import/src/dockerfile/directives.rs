//! Parser directives: comments `# name=value` before everything else.

/// The directives of a Dockerfile, as far as they have been read.
#[derive(Debug, Default)]
pub(super) struct Directives {
    /// The first line that is none ends them.
    is_over: bool,
    syntax: Option<(String, usize)>,
    escape: Option<char>,
    has_check: bool,
}

impl Directives {
    /// Reads a line; whether it was a directive.
    pub(super) fn read(&mut self, line: &str, number: usize) -> Result<bool, String> {
        let directive = if self.is_over { None } else { directive(line) };
        let Some((name, value)) = directive else {
            self.is_over = true;
            return Ok(false);
        };
        let is_new = match name.as_str() {
            "syntax" => self.syntax.replace((value, number)).is_none(),
            "check" => !std::mem::replace(&mut self.has_check, true),
            _ => {
                let sign = match value.as_str() {
                    "\\" => '\\',
                    "`" => '`',
                    other => {
                        return Err(format!(
                            "the escape `{other}` is neither a backslash nor a backtick"
                        ));
                    }
                };
                self.escape.replace(sign).is_none()
            }
        };
        if is_new {
            Ok(true)
        } else {
            Err(format!("the directive `{name}` stands there twice"))
        }
    }

    pub(super) fn escape(&self) -> char {
        self.escape.unwrap_or('\\')
    }

    pub(super) fn syntax(&self) -> Option<(String, usize)> {
        self.syntax.clone()
    }
}

/// The name, in small letters, and the value of a directive.
fn directive(line: &str) -> Option<(String, String)> {
    let (name, value) = line.strip_prefix('#')?.trim_start().split_once('=')?;
    let (name, value) = (name.trim_end().to_lowercase(), value.trim());
    let is_known = matches!(name.as_str(), "syntax" | "escape" | "check");
    (is_known && !value.is_empty()).then(|| (name, value.to_owned()))
}

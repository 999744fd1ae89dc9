//! The JSON of Go's `encoding/json` for [`Progress`], byte for byte.

use std::io;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Serialize as _;
use serde::ser::{SerializeSeq, Serializer};
use serde_json::ser::{CompactFormatter, Formatter};

use super::Progress;

impl Progress {
    /// One line of `buildctl --progress=rawjson`, with its line end.
    ///
    /// Mirrors `rawJSONDisplay` in BuildKit's `util/progress/progressui/display.go`: Go's field names and order, times
    /// in `RFC3339Nano`, bytes in base64, `<`, `>` and `&` escaped.
    pub fn to_json_line(&self) -> String {
        let mut line = Vec::new();
        let mut serializer =
            serde_json::Serializer::with_formatter(&mut line, GoFormatter(CompactFormatter));
        // Writing to memory cannot fail, and no type here has a map with keys that are not strings.
        if self.serialize(&mut serializer).is_err() {
            line.clear();
        }
        line.push(b'\n');
        String::from_utf8(line).unwrap_or_default()
    }
}

/// Escapes what Go's encoder escapes beyond the JSON standard.
struct GoFormatter(CompactFormatter);

impl Formatter for GoFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
            let (plain, tail) = rest.split_at(at);
            let mut chars = tail.chars();
            let escaped = chars.next().map_or(0, u32::from);
            self.0.write_string_fragment(writer, plain)?;
            write!(writer, "\\u{escaped:04x}")?;
            rest = chars.as_str();
        }
        self.0.write_string_fragment(writer, rest)
    }
}

pub(super) fn time<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    let timestamp = Timestamp::try_from(*time).map_err(serde::ser::Error::custom)?;
    serializer.collect_str(&timestamp)
}

#[expect(
    clippy::ref_option,
    reason = "serde's `serialize_with` passes a reference to the field"
)]
pub(super) fn optional_time<S: Serializer>(
    time: &Option<SystemTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => self::time(time, serializer),
        None => serializer.serialize_none(),
    }
}

/// Go prints a slice that was absent on the wire as `null`, and an empty one cannot be told from an absent one there.
pub(super) fn bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    if bytes.is_empty() {
        serializer.serialize_none()
    } else {
        serializer.collect_str(&STANDARD.encode(bytes))
    }
}

pub(super) fn byte_list<S: Serializer>(list: &[Vec<u8>], serializer: S) -> Result<S::Ok, S::Error> {
    let mut sequence = serializer.serialize_seq(Some(list.len()))?;
    for bytes in list {
        sequence.serialize_element(&STANDARD.encode(bytes))?;
    }
    sequence.end()
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde's `skip_serializing_if` passes a reference"
)]
pub(super) fn is_false(value: &bool) -> bool {
    !value
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde's `skip_serializing_if` passes a reference"
)]
pub(super) fn is_zero(value: &i64) -> bool {
    *value == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde's `skip_serializing_if` passes a reference"
)]
pub(super) fn is_zero32(value: &i32) -> bool {
    *value == 0
}

#[cfg(test)]
mod tests;

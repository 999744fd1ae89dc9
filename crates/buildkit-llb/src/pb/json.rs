//! Values as Go's `protojson` prints them: defaults left out, 64-bit numbers as text, bytes in base64, enums by name.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serializer;

/// Whether a field is left out.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// An int64 or uint64.
pub(super) fn long<S: Serializer>(value: &impl ToString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.to_string())
}

/// A repeated int64.
pub(super) fn longs<S: Serializer>(values: &[i64], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(ToString::to_string))
}

/// A bytes field.
pub(super) fn bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

/// A repeated bytes field.
pub(super) fn byte_strings<S: Serializer>(
    values: &[Vec<u8>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(|bytes| STANDARD.encode(bytes)))
}

/// Makes a function that prints an enum's number by its name, and numbers without one as they are.
macro_rules! enum_names {
    ($($function:ident: $($number:literal => $name:literal),*;)*) => {
        $(pub(super) fn $function<S: Serializer>(value: &i32, serializer: S) -> Result<S::Ok, S::Error> {
            match *value {
                $($number => serializer.serialize_str($name),)*
                other => serializer.serialize_i32(other),
            }
        })*
    };
}

enum_names! {
    net_mode: 0 => "UNSET", 1 => "HOST", 2 => "NONE";
    security_mode: 0 => "SANDBOX", 1 => "INSECURE";
    mount_type: 0 => "BIND", 1 => "SECRET", 2 => "SSH", 3 => "CACHE", 4 => "TMPFS";
    content_cache: 0 => "DEFAULT", 1 => "ON", 2 => "OFF";
    cache_sharing: 0 => "SHARED", 1 => "PRIVATE", 2 => "LOCKED";
}

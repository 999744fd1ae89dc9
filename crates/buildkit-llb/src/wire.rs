//! Writing protobuf as Go's deterministic encoder does, straight from the builders' values.
//!
//! Callers write fields in Go's order: ascending numbers, but the members of a oneof last in their message. The
//! generated encoders of `prost` put a oneof at its lowest number and leave defaults out of map entries, so every
//! digest after the first vertex would differ.

/// The wire types that BuildKit's messages use.
const VARINT: u32 = 0;
const LENGTH_DELIMITED: u32 = 2;

/// A message in the making.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// A writer with room for `bytes` bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
        }
    }

    /// The bytes so far.
    pub(crate) fn written(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes so far, as their owner.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Forgets the bytes so far and keeps the room.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// A string field; an empty one is the default and absent.
    pub(crate) fn string(&mut self, field: u32, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    /// A bytes field; an empty one is the default and absent.
    pub(crate) fn bytes(&mut self, field: u32, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.element(field, bytes);
        }
    }

    /// An element of a repeated string or bytes field, a map's key or value, or a message that is encoded already:
    /// present even when empty.
    pub(crate) fn element(&mut self, field: u32, bytes: &[u8]) {
        self.tag(field, LENGTH_DELIMITED);
        self.varint(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    /// A repeated string field.
    pub(crate) fn strings<S: AsRef<str>>(
        &mut self,
        field: u32,
        texts: impl IntoIterator<Item = S>,
    ) {
        for text in texts {
            self.element(field, text.as_ref().as_bytes());
        }
    }

    /// An int32 or int64 field; a negative one takes ten bytes, zero is the default and absent.
    pub(crate) fn int(&mut self, field: u32, value: i64) {
        self.uint(field, value.cast_unsigned());
    }

    /// A uint32, uint64 or enum field; zero is the default and absent.
    pub(crate) fn uint(&mut self, field: u32, value: u64) {
        if value != 0 {
            self.present_uint(field, value);
        }
    }

    /// A uint32 that is a member of a oneof: present even when zero.
    pub(crate) fn present_uint(&mut self, field: u32, value: u64) {
        self.tag(field, VARINT);
        self.varint(value);
    }

    /// A bool field; false is the default and absent.
    pub(crate) fn bool(&mut self, field: u32, value: bool) {
        self.uint(field, u64::from(value));
    }

    /// A repeated int32 or int64 field, packed; absent when there is none.
    pub(crate) fn packed_ints(&mut self, field: u32, values: impl ExactSizeIterator<Item = i64>) {
        if values.len() != 0 {
            self.message(field, |writer| {
                values.for_each(|value| writer.varint(value.cast_unsigned()));
            });
        }
    }

    /// A sub-message: present even when nothing is written into it.
    pub(crate) fn message(&mut self, field: u32, write: impl FnOnce(&mut Self)) {
        self.tag(field, LENGTH_DELIMITED);
        // Most lengths take one byte; for the others the content moves up once it is known.
        let length_at = self.bytes.len();
        self.bytes.push(0);
        write(self);
        let mut length = self.bytes.len() - length_at - 1;
        if length < 0x80 {
            self.bytes[length_at] = low_bits(length as u64);
            return;
        }
        let mut encoded = [0; 10];
        let mut used = 0;
        while length >= 0x80 {
            encoded[used] = low_bits(length as u64) | 0x80;
            length >>= 7;
            used += 1;
        }
        encoded[used] = low_bits(length as u64);
        self.bytes
            .splice(length_at..=length_at, encoded[..=used].iter().copied());
    }

    /// An entry of a map from strings to strings: key and value are both present, empty or not.
    pub(crate) fn string_entry(&mut self, field: u32, key: &str, value: &str) {
        self.message(field, |entry| {
            entry.element(1, key.as_bytes());
            entry.element(2, value.as_bytes());
        });
    }

    fn tag(&mut self, field: u32, wire_type: u32) {
        self.varint(u64::from(field << 3 | wire_type));
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(low_bits(value) | 0x80);
            value >>= 7;
        }
        self.bytes.push(low_bits(value));
    }
}

/// The seven lowest bits.
fn low_bits(value: u64) -> u8 {
    value.to_le_bytes()[0] & 0x7f
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(write: impl FnOnce(&mut Writer), expected: &[u8]) {
        let mut writer = Writer::default();
        write(&mut writer);
        assert_eq!(writer.written(), expected);
    }

    #[test]
    fn defaults_are_absent_unless_they_must_be_present() {
        check(|w| w.string(1, ""), &[]);
        check(|w| w.int(1, 0), &[]);
        check(|w| w.bool(1, false), &[]);
        check(|w| w.packed_ints(1, [].into_iter()), &[]);
        check(|w| w.present_uint(2, 0), &[0x10, 0x00]);
        check(|w| w.message(11, |_| {}), &[0x5a, 0x00]);
        check(
            |w| w.string_entry(2, "k", ""),
            &[0x12, 0x05, 0x0a, 0x01, b'k', 0x12, 0x00],
        );
        check(|w| w.strings(1, [""]), &[0x0a, 0x00]);
    }

    #[test]
    fn numbers_are_varints() {
        check(|w| w.int(1, 300), &[0x08, 0xac, 0x02]);
        check(
            |w| w.int(1, -1),
            &[
                0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
            ],
        );
        check(
            |w| w.packed_ints(12, [0, 3, 300].into_iter()),
            &[0x62, 0x04, 0x00, 0x03, 0xac, 0x02],
        );
        check(|w| w.bool(22, true), &[0xb0, 0x01, 0x01]);
    }

    #[test]
    fn long_messages_get_longer_lengths() {
        for size in [0, 1, 127, 128, 129, 16_383, 16_384, 70_000] {
            let content = vec![7; size];
            let mut nested = Writer::default();
            nested.message(3, |w| w.bytes.extend_from_slice(&content));
            let mut flat = Writer::default();
            flat.element(3, &content);
            assert_eq!(nested.written(), flat.written(), "{size}");
        }
    }
}

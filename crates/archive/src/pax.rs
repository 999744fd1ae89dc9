//! Records of PAX extended headers: `LENGTH KEY=VALUE\n`, where LENGTH counts the whole record.

/// The beginning of the key of an extended attribute; the attribute's name follows.
pub(crate) const XATTR_PREFIX: &[u8] = b"SCHILY.xattr.";

/// Appends one record. `key` has no `=`.
pub(crate) fn push_record(records: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let rest = key.len() + value.len() + b" =\n".len();
    let mut length = rest;
    loop {
        let with_digits = rest + length.to_string().len();
        if with_digits == length {
            break;
        }
        length = with_digits;
    }
    records.extend_from_slice(length.to_string().as_bytes());
    records.push(b' ');
    records.extend_from_slice(key);
    records.push(b'=');
    records.extend_from_slice(value);
    records.push(b'\n');
}

/// Splits a header's payload into keys and values; `None` when it is malformed.
pub(crate) fn records(mut payload: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut found = Vec::new();
    while !payload.is_empty() {
        let space = payload.iter().position(|&byte| byte == b' ')?;
        let length: usize = decimal(&payload[..space])?.try_into().ok()?;
        let (record, rest) = payload.split_at_checked(length)?;
        let body = record.get(space + 1..)?.strip_suffix(b"\n")?;
        let equals = body.iter().position(|&byte| byte == b'=')?;
        found.push((&body[..equals], &body[equals + 1..]));
        payload = rest;
    }
    Some(found)
}

/// An unsigned decimal number without sign or blanks.
pub(crate) fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// A time such as `-12.5`, cut to the whole second before it: -13.
pub(crate) fn seconds(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let mut parts = digits.splitn(2, |&byte| byte == b'.');
    let whole = i64::try_from(decimal(parts.next()?)?).ok()?;
    let fraction = parts.next().unwrap_or(b"");
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    if negative {
        let has_fraction = fraction.iter().any(|&digit| digit != b'0');
        whole
            .checked_add(i64::from(has_fraction))
            .map(|seconds| -seconds)
    } else {
        Some(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_counts_its_own_digits() {
        let check = |key: &str, value_length: usize, prefix: &str| {
            let mut record = Vec::new();
            push_record(&mut record, key.as_bytes(), &vec![b'v'; value_length]);
            assert!(record.starts_with(prefix.as_bytes()), "{prefix}");
            let length: usize = prefix.split(' ').next().unwrap().parse().unwrap();
            assert_eq!(record.len(), length);
        };
        check("k", 0, "5 k=\n");
        check("k", 4, "9 k=vvvv\n");
        check("k", 5, "11 k=vvvvv\n");
        check("path", 90, "99 path=v");
        check("path", 91, "101 path=v");
    }

    #[test]
    fn records_come_back() {
        let mut payload = Vec::new();
        push_record(&mut payload, b"path", b"a\nb=c");
        push_record(&mut payload, b"SCHILY.xattr.user.x", b"\0\xff\n");
        push_record(&mut payload, b"SCHILY.xattr.user.empty", b"");
        let expected: Vec<(&[u8], &[u8])> = vec![
            (b"path", b"a\nb=c"),
            (b"SCHILY.xattr.user.x", b"\0\xff\n"),
            (b"SCHILY.xattr.user.empty", b""),
        ];
        assert_eq!(records(&payload), Some(expected));
    }

    #[test]
    fn malformed_records_are_refused() {
        for payload in [
            "x", "6 a=b", "5 a=b\n", "7 a=b\n", "0 a=b\n", " a=b\n", "-6 a=b\n", "5 ab\n", "2 \n",
        ] {
            assert_eq!(records(payload.as_bytes()), None, "{payload:?}");
        }
    }

    #[test]
    fn times_are_cut() {
        let check = |text: &str, expected| assert_eq!(seconds(text.as_bytes()), expected, "{text}");
        check("0", Some(0));
        check("1.499999999", Some(1));
        check("1.5", Some(1));
        check("1.999999999", Some(1));
        check("-1.0", Some(-1));
        check("-1.5", Some(-2));
        check("-1.000000001", Some(-2));
        check("-0.4", Some(-1));
        check("9223372036854775807.5", Some(i64::MAX));
        check("-9223372036854775807.5", None);
        check("1.x", None);
        check("--1", None);
        check("", None);
    }
}

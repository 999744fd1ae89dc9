//! Reads the numbers of a tar header: octal digits, or GNU's binary form.

/// The value of a number field. An empty field is zero: old tars leave unused fields empty. The bytes after the blank
/// that ends the digits do not count.
pub(crate) fn parse(field: &[u8]) -> Option<i64> {
    match field.first() {
        Some(first) if first & 0x80 != 0 => binary(field),
        _ => octal(field),
    }
}

fn octal(field: &[u8]) -> Option<i64> {
    let blank = |&byte: &u8| byte == b' ' || byte == 0;
    let start = field.iter().position(|byte| !blank(byte));
    let Some(start) = start else { return Some(0) };
    let digits = &field[start..];
    let end = digits.iter().position(blank).unwrap_or(digits.len());
    digits[..end]
        .iter()
        .try_fold(0_i64, |number, &digit| match digit {
            b'0'..=b'7' => number.checked_mul(8)?.checked_add(i64::from(digit - b'0')),
            _ => None,
        })
}

/// Two's complement, big end first; the first bit only marks the form, the second is the sign.
fn binary(field: &[u8]) -> Option<i64> {
    let negative = field[0] & 0x40 != 0;
    let mut number = if negative { -1_i128 } else { 0 };
    for (index, &byte) in field.iter().enumerate() {
        let byte = match (index, negative) {
            (0, false) => byte & 0x7f,
            _ => byte,
        };
        number = number.checked_mul(256)?.checked_add(i128::from(byte))?;
        if i64::try_from(number).is_err() {
            return None;
        }
    }
    i64::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octal_numbers() {
        let check =
            |field: &[u8], expected| assert_eq!(parse(field), expected, "{}", field.escape_ascii());
        check(b"0000644\0", Some(0o644));
        check(b"   644 \0", Some(0o644));
        check(b"77777777", Some(0o77_777_777));
        check(b"\0\0\0\0\0\0\0\0", Some(0));
        check(b"        ", Some(0));
        check(b"0000648\0", None);
        check(b"-000644\0", None);
        check(b"+000644\0", None);
        check(b"644\0junk", Some(0o644));
        check(b"644junk\0", None);
    }

    #[test]
    fn binary_numbers() {
        let check =
            |field: &[u8], expected| assert_eq!(parse(field), expected, "{}", field.escape_ascii());
        check(b"\x80\0\0\0\0\0\0\x01", Some(1));
        check(b"\x80\0\0\0\0\0\0\0\xff\xff\xff\xff", Some(0xffff_ffff));
        check(
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe",
            Some(-2),
        );
        check(b"\x80\0\0\0\x80\0\0\0\0\0\0\0", None);
        check(b"\xbf\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None);
    }
}

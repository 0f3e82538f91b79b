//! Fields of protobuf messages, read and written; <https://protobuf.dev/programming-guides/encoding/>.

/// What a field carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Carried<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(&'a [u8]),
    Fixed32([u8; 4]),
}

/// The next field's number and what it carries; `None` where the message is damaged, or older than proto3.
pub fn field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Carried<'a>)> {
    let tag = varint(rest)?;
    let carried = match tag & 7 {
        0 => Carried::Varint(varint(rest)?),
        1 => Carried::Fixed64(fixed(rest)?),
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            let (bytes, after) = rest.split_at_checked(length)?;
            *rest = after;
            Carried::Bytes(bytes)
        }
        5 => Carried::Fixed32(fixed(rest)?),
        _ => return None,
    };
    Some((tag >> 3, carried))
}

fn fixed<const SIZE: usize>(rest: &mut &[u8]) -> Option<[u8; SIZE]> {
    let (number, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*number)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Adds a number to a message. 0 is what a field says that is not there, so nothing is added.
pub fn put_number(message: &mut Vec<u8>, field: u32, number: u64) {
    if number > 0 {
        put_varint(message, u64::from(field) << 3);
        put_varint(message, number);
    }
}

/// Adds a text, or a message in a message.
pub fn put_bytes(message: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    put_varint(message, u64::from(field) << 3 | 2);
    put_varint(message, bytes.len() as u64);
    message.extend_from_slice(bytes);
}

fn put_varint(message: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        message.push(number as u8 | 0x80);
        number >>= 7;
    }
    message.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(number: u64, text: Vec<u8>, first in 1u32..1000, second in 1u32..1000) {
            let mut message = Vec::new();
            put_number(&mut message, first, number);
            put_bytes(&mut message, second, &text);
            let mut rest = &*message;
            if number > 0 {
                prop_assert_eq!(field(&mut rest), Some((first.into(), Carried::Varint(number))));
            }
            prop_assert_eq!(field(&mut rest), Some((second.into(), Carried::Bytes(&text))));
            prop_assert_eq!(rest, b"");
        }
    }

    #[test]
    fn fixed_numbers_are_read_and_older_groups_are_not() {
        assert_eq!(field(&mut &b"\x0d\x01\x02\x03\x04"[..]), Some((1, Carried::Fixed32([1, 2, 3, 4]))));
        assert_eq!(field(&mut &b"\x09\x01\x02\x03\x04\x05\x06\x07\x08"[..]).unwrap().0, 1);
        for damaged in [&b""[..], b"\x0b", b"\x08", b"\x0d\x01", b"\x0a\x02a", &[0xff; 11], b"\x0a\xff\xff\xff\xff\x7f"]
        {
            assert_eq!(field(&mut &*damaged), None, "{damaged:?}");
        }
    }
}

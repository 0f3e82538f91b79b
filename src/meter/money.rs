//! Money as text: decimal USD outside, whole pico-USD inside, and never a float between them.

/// One USD in pico-USD.
const USD: u64 = 1_000_000_000_000;
/// Decimal places of a USD that a pico-USD stands at.
const PLACES: i64 = 12;

/// Pico-USD as a decimal number of USD, without zeros at its end: `0.0000002` of 200000.
pub fn usd(pico: u64) -> String {
    let text = format!("{}.{:012}", pico / USD, pico % USD);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number of USD as JSON writes it, exponents included, in pico-USD. What is finer than that is rounded, a half
/// upwards. `None` for anything else, for less than nothing and for more than there is room for.
pub fn pico(number: &str) -> Option<u64> {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(part) {
        return None;
    }
    let digits = [whole, part].concat();
    let digits = digits.trim_start_matches('0');
    let exponent: i64 = exponent.parse().ok()?;
    let shift = exponent.checked_sub(i64::try_from(part.len()).ok()?)?.checked_add(PLACES)?;
    if digits.is_empty() {
        return Some(0);
    }
    let Ok(zeros) = usize::try_from(shift) else {
        let lost = usize::try_from(shift.unsigned_abs()).unwrap_or(usize::MAX);
        let Some(kept) = digits.len().checked_sub(lost) else { return Some(0) };
        let (kept, lost) = digits.split_at_checked(kept)?;
        let kept: u64 = if kept.is_empty() { 0 } else { kept.parse().ok()? };
        return kept.checked_add(u64::from(lost.as_bytes().first().is_some_and(|digit| *digit >= b'5')));
    };
    (zeros <= 20).then(|| format!("{digits}{:0<zeros$}", "").parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_exactly() {
        for (pico, text) in [
            (0, "0"),
            (1, "0.000000000001"),
            (200_000, "0.0000002"),
            (38_000_000, "0.000038"),
            (1_500_000_000_000, "1.5"),
            (20_000_000_000_000, "20"),
            (u64::MAX, "18446744.073709551615"),
        ] {
            assert_eq!(usd(pico), text);
            assert_eq!(super::pico(text), Some(pico));
        }
    }

    #[test]
    fn money_is_read_from_its_digits() {
        for (text, expected) in [
            ("0.01355025", Some(13_550_250_000)),
            ("9.78e-05", Some(97_800_000)),
            ("9.78E-5", Some(97_800_000)),
            ("1.5e3", Some(1_500_000_000_000_000)),
            ("2e+0", Some(2_000_000_000_000)),
            ("0", Some(0)),
            ("0e99", Some(0)),
            ("000.1", Some(100_000_000_000)),
            // A double of 0.1 + 0.2: rounded, a half upwards.
            ("0.30000000000000004", Some(300_000_000_000)),
            ("0.0000000000005", Some(1)),
            ("0.00000000000049", Some(0)),
            ("9.5e-12", Some(10)),
            ("5e-13", Some(1)),
            ("5e-14", Some(0)),
            ("1e-999", Some(0)),
            ("18446744.073709551616", None),
            ("1e8", None),
            ("1e999", None),
            ("1e99999999999999999999", None),
            ("-0.1", None),
            ("-0", None),
            ("\"0.1\"", None),
            ("", None),
            (".5", None),
            ("e5", None),
            ("1e", None),
            ("1.2.3", None),
            ("null", None),
        ] {
            assert_eq!(pico(text), expected, "{text}");
        }
    }
}

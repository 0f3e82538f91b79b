//! Times are nanoseconds since 1970, as the host's clock counts them.

use std::time::Duration;

/// A length of time as the clock counts it.
pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Year, month and day of a day, counted since 1970.
pub fn civil(day: u64) -> (u64, u64, u64) {
    // In eras of 400 years that begin on 1 March. A clock of nanoseconds ends long before this could overflow.
    let shifted = day.saturating_add(719_468);
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day_of_year - (153 * month_from_march + 2) / 5 + 1)
}

/// `2026-11-22T12:56:57.123Z` of nanoseconds since 1970.
pub fn rfc3339(ns: u64) -> String {
    let (millis, seconds) = (ns / 1_000_000 % 1_000, ns / 1_000_000_000);
    let ((year, month, day), second) = (civil(seconds / 86_400), seconds % 86_400);
    let (h, m, s) = (second / 3_600, second / 60 % 60, second % 60);
    // Written digit by digit: `format!` with seven fields costs more than the rest of the line.
    let mut text = String::with_capacity(24);
    for (number, width, end) in
        [(year, 4, '-'), (month, 2, '-'), (day, 2, 'T'), (h, 2, ':'), (m, 2, ':'), (s, 2, '.'), (millis, 3, 'Z')]
    {
        let digit = |place: u32| char::from(b'0' + (number / 10u64.pow(place) % 10) as u8);
        text.extend((0..width).rev().map(digit));
        text.push(end);
    }
    text
}

/// Days since 1970 of a date such as `2026-11-22`.
pub fn day(date: &str) -> Option<u64> {
    let mut numbers = date.splitn(3, '-').map(|number| number.parse::<u32>().ok().map(i64::from));
    let (year, month, day) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let is_date = (1970..10_000).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    // As above: years begin on 1 March, in eras of 400.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let days = year.div_euclid(400) * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    u64::try_from(days - 719_468).ok().filter(|_| is_date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_in_utc() {
        for (ns, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000Z"),
            (1_700_000_000_123_456_789, "2023-11-14T22:13:20.123Z"),
            (4_102_444_799_999_999_999, "2099-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(rfc3339(ns), expected);
        }
    }

    #[test]
    fn dates_are_days_since_1970() {
        for days in (0..80_000).step_by(7) {
            let text = rfc3339(days * 86_400_000_000_000);
            assert_eq!(day(text.split('T').next().unwrap()), Some(days));
        }
        for bad in
            ["", "2026", "2026-11", "2026-13-01", "2026-01-32", "1969-12-31", "99999-01-01", "a-b-c", "2026-1--1"]
        {
            assert_eq!(day(bad), None, "{bad}");
        }
    }
}

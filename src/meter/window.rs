//! The windows of budgets: hours, days, weeks and months of the calendar, in UTC.

use crate::clock::civil;

/// How long a budget lasts until it begins anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Window {
    /// From one full hour to the next.
    Hour,
    /// From midnight to midnight.
    Day,
    /// From Monday, as ISO 8601 has it.
    Week,
    /// From the first of a month.
    #[default]
    Month,
    /// For ever.
    Total,
}

const HOUR: u64 = 3_600_000_000_000;
const DAY: u64 = 24 * HOUR;

impl Window {
    /// The window in which a moment lies: its first nanosecond and the first one after it, since 1970. One that never ends
    /// began in 1970.
    pub fn bounds(self, now: u64) -> (u64, Option<u64>) {
        let today = now / DAY;
        let days = |from: u64, until: u64| (from.saturating_mul(DAY), Some(until.saturating_mul(DAY)));
        match self {
            Window::Hour => {
                let start = now.saturating_sub(now % HOUR);
                (start, Some(start.saturating_add(HOUR)))
            }
            Window::Day => days(today, today.saturating_add(1)),
            Window::Week => {
                // 1 January 1970 was a Thursday, three days after a Monday.
                let passed = today.saturating_add(3) % 7;
                days(today.saturating_sub(passed), today.saturating_add(7_u64.saturating_sub(passed)))
            }
            Window::Month => {
                let first = first_of_month(today);
                // 31 days after a first is always one of the first days of the next month.
                days(first, first_of_month(first.saturating_add(31)))
            }
            Window::Total => (0, None),
        }
    }

    /// How people say that an amount is for one of these.
    pub fn told(self) -> &'static str {
        match self {
            Window::Hour => "an hour",
            Window::Day => "a day",
            Window::Week => "a week",
            Window::Month => "a month",
            Window::Total => "in all",
        }
    }

    /// The word in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Window::Hour => "hour",
            Window::Day => "day",
            Window::Week => "week",
            Window::Month => "month",
            Window::Total => "total",
        }
    }
}

/// The first day of a day's month, both counted since 1970.
fn first_of_month(day: u64) -> u64 {
    let (_, _, of_month) = civil(day);
    day.saturating_sub(of_month.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::rfc3339;
    use proptest::prelude::*;

    fn told(window: Window, now: &str) -> (String, String) {
        let (day, hour) = now.split_once('T').unwrap();
        let (day, hour) = (crate::clock::day(day).unwrap(), hour.parse::<u64>().unwrap());
        let (start, end) = window.bounds(day * DAY + hour * HOUR + 1_234_567_890);
        let minute = |ns| rfc3339(ns).get(..16).unwrap().to_owned();
        (minute(start), minute(end.unwrap()))
    }

    #[test]
    fn windows_follow_the_calendar() {
        for (window, now, start, end) in [
            (Window::Hour, "2026-11-22T23", "2026-11-22T23:00", "2026-11-23T00:00"),
            (Window::Day, "2026-12-31T23", "2026-12-31T00:00", "2027-01-01T00:00"),
            // 22 November 2026 is a Sunday.
            (Window::Week, "2026-11-22T23", "2026-11-16T00:00", "2026-11-23T00:00"),
            (Window::Week, "2026-11-23T00", "2026-11-23T00:00", "2026-11-30T00:00"),
            // Week 53 of 2020 ends in 2021.
            (Window::Week, "2021-01-03T12", "2020-12-28T00:00", "2021-01-04T00:00"),
            (Window::Month, "2026-12-31T23", "2026-12-01T00:00", "2027-01-01T00:00"),
            (Window::Month, "2024-02-29T05", "2024-02-01T00:00", "2024-03-01T00:00"),
            (Window::Month, "2026-02-28T05", "2026-02-01T00:00", "2026-03-01T00:00"),
            // No leap year: 2100 is divisible by 100 and not by 400. 2000 was one.
            (Window::Month, "2100-02-28T05", "2100-02-01T00:00", "2100-03-01T00:00"),
            (Window::Month, "2000-02-29T05", "2000-02-01T00:00", "2000-03-01T00:00"),
            (Window::Month, "2026-04-30T00", "2026-04-01T00:00", "2026-05-01T00:00"),
        ] {
            assert_eq!(told(window, now), (start.to_owned(), end.to_owned()), "{window:?} of {now}");
        }
        assert_eq!(Window::Total.bounds(u64::MAX), (0, None));
        assert_eq!(Window::Week.bounds(0), (0, Some(4 * DAY)), "the first week of the clock is a short one");
    }

    /// The last day at or before this one of which the text says that a window begins on it.
    fn first_day(day: u64, begins: impl Fn(u64) -> bool) -> u64 {
        (0..=day).rev().find(|day| begins(*day)).unwrap_or(0)
    }

    proptest! {
        #[test]
        fn windows_agree_with_the_printed_date(seconds in 0u64..8_000_000_000, nanos in 0u64..1_000_000_000) {
            let now = seconds * 1_000_000_000 + nanos;
            let day = now / DAY;
            let begins_month = |day: u64| rfc3339(day * DAY).get(8..10) == Some("01");
            let begins_week = |day: u64| day % 7 == 4;
            let reference = [
                (Window::Hour, now - now % HOUR),
                (Window::Day, day * DAY),
                (Window::Week, first_day(day, begins_week) * DAY),
                (Window::Month, first_day(day, begins_month) * DAY),
            ];
            for (window, start) in reference {
                let (from, until) = window.bounds(now);
                let until = until.unwrap();
                prop_assert_eq!(from, start, "{:?}", window);
                prop_assert!(now < until);
                // The next one begins where this one ends, and all of this one are the same.
                prop_assert_eq!(window.bounds(until).0, until);
                prop_assert_eq!(window.bounds(until - 1), (from, Some(until)));
                prop_assert_eq!(window.bounds(from), (from, Some(until)));
            }
        }

        #[test]
        fn no_moment_is_too_late(now: u64) {
            for window in [Window::Hour, Window::Day, Window::Week, Window::Month] {
                prop_assert!(window.bounds(now).0 <= now);
            }
        }
    }
}

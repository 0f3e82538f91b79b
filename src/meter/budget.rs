//! A budget: money or tokens over a window, for the requests that match.

use super::money::usd;
use super::window::Window;
use std::rc::Rc;

/// A budget of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Its name in answers and metrics.
    pub id: String,
    /// Which requests count.
    pub matching: Matching,
    /// What has a counter of its own; without it, one counter for all that match.
    pub each: Option<Each>,
    /// How much, in one window and for one counter.
    pub cap: Cap,
    /// How long a counter lasts.
    pub per: Window,
    /// The percentage from which on answers carry a warning.
    pub warn_at: Option<u8>,
    /// The public name of the model that serves instead once nothing is left.
    pub on_exceed: Option<String>,
    /// Whether the most that a request can cost is held until it ends.
    pub reserve: bool,
}

/// Which requests count: all that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matching {
    /// Index into `Access::keys`.
    pub key: Option<usize>,
    /// Index into `Access::groups`.
    pub group: Option<usize>,
    /// One of the request's tags.
    pub tag: Option<String>,
    /// The request's user.
    pub user: Option<String>,
    /// Index into `Config::providers` of who serves.
    pub provider: Option<usize>,
    /// The public name of the model that serves.
    pub model: Option<String>,
}

/// What has a counter of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Each {
    Key,
    Group,
    User,
}

impl Each {
    /// The word in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Each::Key => "key",
            Each::Group => "group",
            Each::User => "user",
        }
    }
}

/// How much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cap {
    /// Pico-USD.
    Money(u64),
    /// Input and output tokens.
    Tokens(u64),
}

impl Cap {
    /// The number, whatever its unit.
    pub fn amount(self) -> u64 {
        match self {
            Cap::Money(amount) | Cap::Tokens(amount) => amount,
        }
    }

    /// The word for its unit in the ledger.
    pub fn unit(self) -> &'static str {
        match self {
            Cap::Money(_) => "usd",
            Cap::Tokens(_) => "tokens",
        }
    }

    /// What a request counts, of its price in pico-USD and of its tokens; `None` where the price is not known.
    pub fn share_of(self, pico: Option<u64>, tokens: u64) -> Option<u64> {
        match self {
            Cap::Money(_) => pico,
            Cap::Tokens(_) => Some(tokens),
        }
    }

    /// `1.25 USD`, `17 tokens`.
    pub fn amount_told(self, amount: u64) -> String {
        match self {
            Cap::Money(_) => format!("{} USD", usd(amount)),
            Cap::Tokens(_) => format!("{amount} tokens"),
        }
    }

    /// `1.25 of 2000 USD`, `17 of 500 tokens`.
    pub fn told(self, spent: u64) -> String {
        match self {
            Cap::Money(cap) => format!("{} of {} USD", usd(spent), usd(cap)),
            Cap::Tokens(cap) => format!("{spent} of {cap} tokens"),
        }
    }
}

/// One counter that a request counts on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The budget.
    pub budget: Rc<Budget>,
    /// Which of its counters, where there is one for each: the key, group or user; empty for requests without one.
    pub of: Option<String>,
}

/// What one counter says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Spent in this window.
    pub spent: u64,
    /// Held for requests that have not ended.
    pub held: u64,
}

impl Standing {
    /// What is spent or may be, once all that have begun end.
    pub fn taken(self) -> u64 {
        self.spent.saturating_add(self.held)
    }

    /// What is left of a cap.
    pub fn left(self, cap: Cap) -> u64 {
        cap.amount().saturating_sub(self.taken())
    }

    /// Whether a request may begin that takes `most`: something must be left, and as much as that.
    pub fn has_room(self, cap: Cap, most: u64) -> bool {
        self.taken() < cap.amount() && self.taken().saturating_add(most) <= cap.amount()
    }
}

impl Budget {
    /// Whether only some providers' or models' answers count.
    pub fn is_of_targets(&self) -> bool {
        self.matching.provider.is_some() || self.matching.model.is_some()
    }

    /// Whether so much is spent that answers say it.
    pub fn warns(&self, standing: Standing) -> bool {
        let reached = |percent: u8| {
            u128::from(standing.spent).saturating_mul(100)
                >= u128::from(self.cap.amount()).saturating_mul(u128::from(percent))
        };
        self.warn_at.is_some_and(reached)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(cap: Cap, warn_at: Option<u8>) -> Budget {
        Budget {
            id: "b".to_owned(),
            matching: Matching::default(),
            each: None,
            cap,
            per: Window::Day,
            warn_at,
            on_exceed: None,
            reserve: false,
        }
    }

    #[test]
    fn a_request_needs_something_left_and_all_that_it_may_take() {
        for (spent, held, most, expected) in [
            (0, 0, 0, true),
            (99, 0, 0, true),
            (100, 0, 0, false),
            (101, 0, 0, false),
            (90, 10, 0, false),
            (90, 0, 10, true),
            (90, 1, 10, false),
            (u64::MAX, u64::MAX, u64::MAX, false),
        ] {
            let standing = Standing { spent, held };
            assert_eq!(standing.has_room(Cap::Tokens(100), most), expected, "{standing:?} and {most}");
        }
        assert!(!Standing::default().has_room(Cap::Money(0), 0), "nothing is no budget");
    }

    #[test]
    fn a_warning_begins_exactly_at_its_percentage() {
        let at = |spent, cap| budget(Cap::Money(cap), Some(80)).warns(Standing { spent, held: 0 });
        assert_eq!([at(799, 1000), at(800, 1000), at(1200, 1000)], [false, true, true]);
        assert!(at(u64::MAX, u64::MAX), "no overflow");
        assert!(!budget(Cap::Money(1), None).warns(Standing { spent: 5, held: 0 }));
    }

    #[test]
    fn amounts_are_told_in_their_unit() {
        assert_eq!(Cap::Money(2_000_000_000_000_000).told(1_250_000_000_000), "1.25 of 2000 USD");
        assert_eq!(Cap::Tokens(500).told(17), "17 of 500 tokens");
    }
}

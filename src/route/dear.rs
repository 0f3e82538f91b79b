//! What a request says of prices: the cheapest first, and nobody above a bound.

use crate::error::Error;
use crate::meter::{Price, pico};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The most that a target may charge, in pico-USD a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPrice {
    /// For input.
    prompt: Option<u64>,
    /// For output.
    completion: Option<u64>,
}

impl MaxPrice {
    /// Reads `{prompt, completion}` in USD per million tokens, as numbers or as text.
    pub fn read(value: &str, path: &str) -> Result<MaxPrice, Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Bounds<'a> {
            #[serde(borrow)]
            prompt: Option<&'a RawValue>,
            #[serde(borrow)]
            completion: Option<&'a RawValue>,
        }
        let refused = || {
            Error::unsupported_option(
                path,
                format!("`{path}` must be {{prompt, completion}} in USD per million tokens."),
            )
        };
        let bounds: Bounds<'_> = serde_json::from_str(value).map_err(|_| refused())?;
        let a_token = |usd: Option<&RawValue>| match usd.map(|usd| usd.get().trim_matches('"')) {
            None | Some("null") => Ok(None),
            Some(usd) => pico(usd).map(|pico| Some(pico / 1_000_000)).ok_or_else(refused),
        };
        Ok(MaxPrice { prompt: a_token(bounds.prompt)?, completion: a_token(bounds.completion)? })
    }

    /// Whether a price is within the bounds. What has none is not.
    pub fn allows(self, price: Option<&Price>) -> bool {
        let within =
            |most: Option<u64>, rate: Option<u64>| most.is_none_or(|most| rate.is_some_and(|rate| rate <= most));
        price.is_some_and(|price| within(self.prompt, price.rates.input) && within(self.completion, price.rates.output))
    }
}

/// What is compared: a token of input and one of output. What has no price comes last.
pub fn rank(price: Option<&Price>) -> u64 {
    let both = price.and_then(|price| price.rates.input?.checked_add(price.rates.output.unwrap_or_default()));
    both.unwrap_or(u64::MAX)
}

/// Whether `sort` asks for the cheapest first; what else it may ask for is not honoured.
pub fn is_by_cost(value: &str, word: &str) -> bool {
    serde_json::from_str::<&str>(value).is_ok_and(|asked| asked == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Rates;

    fn price(input: Option<u64>, output: Option<u64>) -> Price {
        Price { rates: Rates { input, output, ..Rates::default() }, ..Price::default() }
    }

    #[test]
    fn bounds_are_usd_per_million_tokens() {
        let usual = price(Some(1_250_000), Some(10_000_000));
        for (bounds, expected) in [
            (r#"{"prompt":1.25}"#, true),
            (r#"{"prompt":"1.249999"}"#, false),
            (r#"{"prompt":2,"completion":10}"#, true),
            (r#"{"prompt":2,"completion":9.5}"#, false),
            (r#"{"completion":1e1,"prompt":null}"#, true),
            ("{}", true),
        ] {
            let max = MaxPrice::read(bounds, "provider.max_price").unwrap();
            assert_eq!(max.allows(Some(&usual)), expected, "{bounds}");
            assert!(!max.allows(None), "{bounds}");
        }
        for bounds in ["1", r#"{"request":1}"#, r#"{"prompt":-1}"#, r#"{"prompt":"cheap"}"#, r#"{"prompt":true}"#] {
            let error = MaxPrice::read(bounds, "provider.max_price").unwrap_err();
            assert_eq!(
                error.message, "`provider.max_price` must be {prompt, completion} in USD per million tokens.",
                "{bounds}"
            );
        }
    }

    #[test]
    fn what_has_no_price_is_the_dearest() {
        let ranks = [price(Some(1), Some(2)), price(Some(3), None), price(Some(2), Some(2)), price(None, Some(1))];
        assert_eq!(ranks.each_ref().map(|price| rank(Some(price))), [3, 3, 4, u64::MAX]);
        assert_eq!(rank(None), u64::MAX);
    }
}

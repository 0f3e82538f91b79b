//! Messages of Envoy's rate limit service, as far as a ledger needs them.
//!
//! <https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/ratelimit/v3/rls.proto>: `RateLimitRequest { domain = 1,
//! repeated RateLimitDescriptor descriptors = 2 }`, `RateLimitDescriptor { repeated Entry { key = 1, value = 2 } entries
//! = 1, UInt64Value hits_addend = 3 }`, `RateLimitResponse { Code overall_code = 1, repeated DescriptorStatus statuses
//! = 2 }`, `DescriptorStatus { Code code = 1, RateLimit current_limit = 2, uint32 limit_remaining = 3 }`, `RateLimit {
//! uint32 requests_per_unit = 1 }`.

use crate::stream::protobuf::{Carried, field, put_bytes, put_number};

/// The service and its method.
pub const SERVICE: &str = "envoy.service.ratelimit.v3.RateLimitService";
/// See [`SERVICE`].
pub const METHOD: &str = "ShouldRateLimit";
/// Most that one descriptor may add: a service that checks its messages refuses more.
pub const MOST_HITS: u64 = 1_000_000_000;

/// What a descriptor is made of: keys and values, in their order.
pub type Entries = [(&'static str, String)];

/// A request that adds hits to counters; with 0 hits it only looks.
pub fn request<'a>(domain: &str, descriptors: impl IntoIterator<Item = (&'a Entries, u64)>) -> Vec<u8> {
    let mut message = Vec::new();
    put_bytes(&mut message, 1, domain.as_bytes());
    for (entries, hits) in descriptors {
        let mut descriptor = Vec::new();
        for (key, value) in entries {
            let mut entry = Vec::new();
            put_bytes(&mut entry, 1, key.as_bytes());
            put_bytes(&mut entry, 2, value.as_bytes());
            put_bytes(&mut descriptor, 1, &entry);
        }
        // Always there, also as 0: without it, a descriptor adds 1.
        let mut addend = Vec::new();
        put_number(&mut addend, 1, hits);
        put_bytes(&mut descriptor, 3, &addend);
        put_bytes(&mut message, 2, &descriptor);
    }
    message
}

/// What the service says about one descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Whether the service itself is of the opinion that it is over its limit.
    pub is_over: bool,
    /// The limit of the service's rule; `None` where no rule knows the descriptor, so that nothing is counted.
    pub limit: Option<u32>,
    /// What is left of it.
    pub remaining: u32,
}

/// `OVER_LIMIT` of `RateLimitResponse.Code`.
const OVER_LIMIT: u64 = 2;

/// The statuses of a response, in the order of the request's descriptors; `None` where it is no response.
pub fn statuses(bytes: &[u8]) -> Option<Vec<Status>> {
    let mut rest = bytes;
    let mut statuses = Vec::new();
    while !rest.is_empty() {
        if let (2, Carried::Bytes(status)) = field(&mut rest)? {
            statuses.push(read_status(status)?);
        }
    }
    Some(statuses)
}

fn read_status(mut rest: &[u8]) -> Option<Status> {
    let mut status = Status::default();
    while !rest.is_empty() {
        match field(&mut rest)? {
            (1, Carried::Varint(code)) => status.is_over = code == OVER_LIMIT,
            (2, Carried::Bytes(limit)) => status.limit = Some(read_limit(limit)?),
            (3, Carried::Varint(remaining)) => status.remaining = saturated(remaining),
            _ => {}
        }
    }
    Some(status)
}

fn read_limit(mut rest: &[u8]) -> Option<u32> {
    let mut limit = 0;
    while !rest.is_empty() {
        if let (1, Carried::Varint(requests)) = field(&mut rest)? {
            limit = saturated(requests);
        }
    }
    Some(limit)
}

fn saturated(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<char> = hex.chars().filter(|c| !c.is_whitespace()).collect();
        digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap()).collect()
    }

    #[test]
    fn a_request_is_what_envoys_own_filter_sends() {
        let entries = [("a", "b".to_owned()), ("c", String::new())];
        let looked = request("d", [(&entries[..], 0)]);
        // domain "d"; a descriptor of 17 bytes: entry {a: b}, entry {c: ""}, hits_addend {}.
        assert_eq!(looked, bytes("0a0164 1211 0a06 0a0161 120162 0a05 0a0163 1200 1a00"));
        let added = request("d", [(&entries[..1], 300), (&entries[..1], 1)]);
        assert_eq!(added, bytes("0a0164 120d 0a06 0a0161 120162 1a03 08ac02 120c 0a06 0a0161 120162 1a02 0801"));
        assert_eq!(request("", []), bytes("0a00"));
    }

    #[test]
    fn a_response_tells_each_counter() {
        // OK; {OK, {10 per HOUR, name "x"}, 7 left, 60 s}, {OVER_LIMIT, {10}, 0}, {OK, no limit}.
        let response = bytes("0801 1211 0801 1207 080a 1003 1a0178 1807 2202 083c 1206 0802 1202 080a 1202 0801");
        let status = |is_over, limit, remaining| Status { is_over, limit, remaining };
        let expected = [status(false, Some(10), 7), status(true, Some(10), 0), status(false, None, 0)];
        assert_eq!(statuses(&response).unwrap(), expected);
        assert_eq!(statuses(b""), Some(vec![]), "an answer of a service that says nothing of its counters");
    }

    #[test]
    fn what_is_not_known_is_passed_over_and_what_is_damaged_is_no_answer() {
        // Fields 4, 5 and 9 of the response, 6 and 7 of a status.
        let response = bytes("2200 2a0178 4801 1208 0801 3200 3801 1801");
        assert_eq!(statuses(&response), Some(vec![Status { remaining: 1, ..Status::default() }]));
        for damaged in ["0a", "12ff", "1203 0801", "1204 1202 0aff", "12020bff", "ff"] {
            assert_eq!(statuses(&bytes(damaged)), None, "{damaged}");
        }
    }

    #[test]
    fn numbers_that_do_not_fit_are_the_largest_that_do() {
        let response = bytes("1210 1206 08ffffffff7f 18ffffffffffff7f");
        let expected = Status { is_over: false, limit: Some(u32::MAX), remaining: u32::MAX };
        assert_eq!(statuses(&response), Some(vec![expected]));
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes: Vec<u8>) {
            let _ = statuses(&bytes);
        }
    }
}

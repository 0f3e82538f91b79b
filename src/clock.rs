//! Times are nanoseconds since 1970, as the host's clock counts them.

use std::time::Duration;

/// A length of time as the clock counts it.
pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

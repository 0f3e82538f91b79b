//! The decoders as targets of `cargo fuzz`.

pub mod decoders;

pub use libfuzzer_sys;

use decoders::{Target, bytes::Rng, mutate::mutate};
use std::sync::OnceLock;

/// The inputs that values and events are taken from.
static OTHERS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();

/// Half of the changes keep the form of an input, the others are libFuzzer's own. Gives the new length.
pub fn change(target: &'static Target, data: &mut [u8], size: usize, most: usize, seed: u32) -> usize {
    let mut rng = Rng::new(u64::from(seed));
    if rng.below(2) == 0 {
        return libfuzzer_sys::fuzzer_mutate(data, size, most);
    }
    let others = OTHERS.get_or_init(|| decoders::corpus::of(target));
    let changed = mutate(target.form, &data[..size], &others[rng.below(others.len())], &mut rng);
    let length = changed.len().min(most).min(data.len());
    data[..length].copy_from_slice(&changed[..length]);
    length
}

/// One target, by its name.
#[macro_export]
macro_rules! fuzz {
    ($name:literal) => {
        use $crate::decoders::{Target, of_name};
        use $crate::libfuzzer_sys::{fuzz_mutator, fuzz_target};

        static TARGET: std::sync::LazyLock<&Target> = std::sync::LazyLock::new(|| of_name($name));

        fuzz_target!(|data: &[u8]| (TARGET.check)(data));

        fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::change(&TARGET, data, size, max_size, seed)
        });
    };
}

//! Every decoder of `fuzz/` on its first inputs, and on changes of them that are the same in every run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unreachable,
    reason = "a test may panic"
)]
#![allow(missing_docs, reason = "a test")]

#[path = "../fuzz/decoders/mod.rs"]
mod decoders;

use decoders::{TARGETS, bytes::Rng, corpus, mutate::mutate, of_name};

/// How many bytes each target is given; short inputs get more turns than long ones.
const BYTES: usize = 400_000;

fn run(name: &str) {
    let target = of_name(name);
    let inputs = corpus::of(target);
    let mut rng = Rng::of(name.as_bytes());
    let mut tried = 0;
    let mut attempt = |input: &[u8]| {
        let fault = std::panic::catch_unwind(|| (target.check)(input)).is_err();
        assert!(!fault, "{name} fails on {:?}", String::from_utf8_lossy(input));
        tried += 1;
        input.len() + 100
    };
    let mut left = BYTES;
    inputs.iter().for_each(|input| left = left.saturating_sub(attempt(input)));
    left = left.max(BYTES / 2);
    while left > 0 {
        let mut input = rng.of_list(&inputs).clone();
        for _ in 0..1 + rng.below(3) {
            input = mutate(target.form, &input, &inputs[rng.below(inputs.len())], &mut rng);
        }
        left = left.saturating_sub(attempt(&input));
    }
    println!("{name}: {tried}");
}

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            run(stringify!($name));
        })*

        /// A decoder that is not run here, or has no file of its own, would be forgotten.
        #[test]
        fn all_of_them() {
            let mut named = [$(stringify!($name)),*];
            named.sort_unstable();
            let mut listed: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            listed.sort_unstable();
            assert_eq!(listed, named);
            let manifest = include_str!("../fuzz/Cargo.toml");
            for name in named {
                assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} has no target");
            }
        }
    };
}

targets! {
    request_openai,
    request_responses,
    request_anthropic,
    request_gemini,
    request_bedrock,
    request_cohere,
    request_messages,
    request_ai_sdk,
    request_of_responses,
    answer_openai,
    answer_responses,
    answer_anthropic,
    answer_gemini,
    answer_bedrock,
    answer_cohere,
    errors,
    stream_openai,
    stream_responses,
    stream_anthropic,
    stream_gemini,
    stream_bedrock,
    stream_cohere,
    frames,
    embeds,
    embedded,
    asks,
    forms,
    passing_streams,
    passing_answers,
    events,
    documents,
    structs,
    heads,
    texts,
}

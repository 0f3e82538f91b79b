#![no_main]

tollgate_fuzz::fuzz!("stream_responses");

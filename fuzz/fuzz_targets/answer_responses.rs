#![no_main]

tollgate_fuzz::fuzz!("answer_responses");

#![no_main]

tollgate_fuzz::fuzz!("request_of_responses");

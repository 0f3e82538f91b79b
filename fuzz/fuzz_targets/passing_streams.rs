#![no_main]

tollgate_fuzz::fuzz!("passing_streams");

#![no_main]

tollgate_fuzz::fuzz!("request_ai_sdk");

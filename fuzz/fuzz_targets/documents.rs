#![no_main]

tollgate_fuzz::fuzz!("documents");

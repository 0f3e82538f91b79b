//! The tables in the README, made by the dialects themselves: what is asked is really read and written, what is answered
//! really told.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod answers;
mod clients;
mod paths;
mod providers;
mod requests;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/// Compares what stands in the README after a mark with a table, or writes it where `TOLLGATE_WRITE` is set.
fn is_current(mark: &str, table: &str) -> bool {
    let mut readme = std::fs::read_to_string(README).unwrap();
    let start = readme.find(mark).unwrap() + mark.len();
    let end = start + readme[start..].find("<!-- end -->").unwrap();
    if std::env::var_os("TOLLGATE_WRITE").is_some() {
        readme.replace_range(start..end, table);
        std::fs::write(README, readme).unwrap();
        return true;
    }
    readme[start..end] == *table
}

#[test]
fn generated_tables_are_current() {
    let current =
        [is_current("<!-- matrix -->\n", &providers::table()), is_current("<!-- clients -->\n", &clients::table())];
    assert!(current == [true; 2], "tables in README.md are not current; renew them with: make schema");
}

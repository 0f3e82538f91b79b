//! `GET /v1/credits`: what a key may still spend.

use crate::chat::json::object;

/// Nothing is sold here and no budget is enforced: there is no balance, and nobody has counted.
pub fn credits() -> Vec<u8> {
    let mut out = Vec::new();
    object(&mut out, |o| {
        o.set("balance", "0");
        o.set("total_used", "0");
        o.set("budget", None::<&str>);
    });
    out
}

//! What a metadata server answers: `{"access_token":"...","expires_in":3599,"token_type":"Bearer"}`.

use crate::config::Secret;
use std::fmt;
use std::time::Duration;

/// Largest answer that is read, in bytes. Tokens have about 1 KiB.
pub const LARGEST: usize = 64 << 10;
/// Longest token that goes into a header.
const LONGEST_TOKEN: usize = 16 << 10;
/// However long a server says a token lasts, it is fetched anew once a day.
const LONGEST_LIFE: u64 = 86_400;

/// A token that has just come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fresh {
    /// For `authorization: Bearer`.
    pub token: Secret,
    /// How long it lasts, counted from when it was asked for.
    pub lifetime: Duration,
}

/// Why there is no token. Says nothing of what the answer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Envoy does not know the cluster, or it has no host.
    Unreachable,
    /// Nothing came in time, or the connection broke.
    Silence,
    /// Another status than 200; 503 is Envoy's own where the server cannot be reached.
    Status(u16),
    /// More bytes than any token has.
    TooLarge,
    /// Something else than a token.
    NoToken,
    /// A token that is over.
    Expired,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Unreachable => f.write_str("Envoy has no such cluster, or no host in it"),
            Fault::Silence => f.write_str("no answer"),
            Fault::Status(status) => write!(f, "answer {status}"),
            Fault::TooLarge => f.write_str("an answer that is too large"),
            Fault::NoToken => f.write_str("an answer without a token"),
            Fault::Expired => f.write_str("a token that is over"),
        }
    }
}

#[derive(serde::Deserialize)]
struct Body {
    access_token: String,
    expires_in: u64,
    token_type: Option<String>,
}

/// Reads an answer; 0 is the status of none.
pub fn read(status: u16, body: &[u8]) -> Result<Fresh, Fault> {
    match status {
        0 => return Err(Fault::Silence),
        200 => {}
        other => return Err(Fault::Status(other)),
    }
    if body.len() > LARGEST {
        return Err(Fault::TooLarge);
    }
    let Body { access_token, expires_in, token_type } = serde_json::from_slice(body).map_err(|_| Fault::NoToken)?;
    let is_bearer = token_type.is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
    let is_sendable = access_token.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_bearer || !is_sendable || !(1..=LONGEST_TOKEN).contains(&access_token.len()) {
        return Err(Fault::NoToken);
    }
    if expires_in == 0 {
        return Err(Fault::Expired);
    }
    let lifetime = Duration::from_secs(expires_in.min(LONGEST_LIFE));
    Ok(Fresh { token: Secret::new(&access_token), lifetime })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str, seconds: u64) -> Result<Fresh, Fault> {
        Ok(Fresh { token: Secret::new(text), lifetime: Duration::from_secs(seconds) })
    }

    #[test]
    fn what_an_answer_says() {
        let of = |body: &str| read(200, body.as_bytes());
        for (got, expected) in [
            (
                of(r#"{"access_token":"ya29.c.x...","expires_in":3599,"token_type":"Bearer"}"#),
                token("ya29.c.x...", 3599),
            ),
            (of(r#"{"access_token":"t","expires_in":1,"scope":"x"}"#), token("t", 1)),
            (of(r#"{"access_token":"t","expires_in":99999999,"token_type":"bearer"}"#), token("t", 86_400)),
            (of(r#"{"access_token":"t","expires_in":0}"#), Err(Fault::Expired)),
            (of(r#"{"access_token":"t","expires_in":-1}"#), Err(Fault::NoToken)),
            (of(r#"{"access_token":"t"}"#), Err(Fault::NoToken)),
            (of(r#"{"access_token":"","expires_in":9}"#), Err(Fault::NoToken)),
            (of(r#"{"access_token":"a b","expires_in":9}"#), Err(Fault::NoToken)),
            (of(r#"{"access_token":"a\r\nx: y","expires_in":9}"#), Err(Fault::NoToken)),
            (of(r#"{"access_token":"é","expires_in":9}"#), Err(Fault::NoToken)),
            (of(r#"{"access_token":"t","expires_in":9,"token_type":"MAC"}"#), Err(Fault::NoToken)),
            (of(r#"[]"#), Err(Fault::NoToken)),
            (of("<html>log in</html>"), Err(Fault::NoToken)),
            (of(""), Err(Fault::NoToken)),
            (read(200, b"\xff\xfe"), Err(Fault::NoToken)),
            (read(200, &[b' '; LARGEST + 1]), Err(Fault::TooLarge)),
            (read(404, br#"{"access_token":"t","expires_in":9}"#), Err(Fault::Status(404))),
            (read(0, b""), Err(Fault::Silence)),
        ] {
            assert_eq!(got, expected);
        }
        let long = format!(r#"{{"access_token":"{}","expires_in":9}}"#, "t".repeat(LONGEST_TOKEN + 1));
        assert_eq!(of(&long), Err(Fault::NoToken));
    }
}

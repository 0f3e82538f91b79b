//! Embeddings of a client whose request goes to another dialect.

use crate::chat::json::expect::wrong;
use crate::chat::json::{Json, Object, object};
use crate::chat::{Ext, Ids, Owner, Raw};
use crate::dialect::embeddings::{Encoding, Input, Request, Response};
use crate::error::Error;

/// Reads a request.
pub fn decode_request(body: &[u8]) -> Result<Request, Error> {
    let object = Object::parse(body).ok_or_else(|| Error::bad_body("The body is not a JSON object."))?;
    let mut request = Request::default();
    for (key, json) in object.iter() {
        member(&mut request, key, json)?;
    }
    if request.model.is_empty() {
        return Err(wrong("model", "a text"));
    }
    if request.texts().is_some_and(<[String]>::is_empty) {
        return Err(wrong("input", "a text or a list that is not empty"));
    }
    Ok(request)
}

fn member(request: &mut Request, key: &str, json: Json<'_>) -> Result<(), Error> {
    let text = || json.string().ok_or_else(|| wrong(key, "a text"));
    match key {
        "model" => request.model = text()?,
        "input" => request.input = input(json)?,
        "dimensions" => {
            let count = json.count().and_then(|count| u32::try_from(count).ok());
            request.dimensions = Some(count.ok_or_else(|| wrong(key, "a count"))?);
        }
        "encoding_format" => {
            request.encoding = match json.text().as_deref() {
                Some("float") => Encoding::Float,
                Some("base64") => Encoding::Base64,
                _ => return Err(wrong(key, "`float` or `base64`")),
            }
        }
        "input_type" => request.input_type = Some(text()?),
        "user" => request.user = Some(text()?),
        // What the gateway itself reads.
        "models" | "provider" => {}
        "providerOptions" => {
            let namespaces = json.object().ok_or_else(|| wrong(key, "an object"))?;
            for (name, json) in namespaces.iter() {
                let (Some(owner), Some(members)) = (Owner::of_options(name), json.object()) else { continue };
                request.ext.extend(members.iter().map(|(key, json)| ext(owner, key, json)));
            }
        }
        _ => request.ext.push(ext(Owner::OpenAi, key, json)),
    }
    Ok(())
}

fn ext(owner: Owner, key: &str, json: Json<'_>) -> Ext {
    Ext { owner, key: key.to_owned(), value: json.raw(), required: false }
}

/// A text, a list of texts, a list of tokens, or a list of such lists.
fn input(json: Json<'_>) -> Result<Input, Error> {
    const EXPECTED: &str = "a text, or a list of texts or of tokens,";
    if let Some(text) = json.string() {
        return Ok(Input::Texts(vec![text]));
    }
    let items: Vec<Json<'_>> = json.items().ok_or_else(|| wrong("input", EXPECTED))?.collect();
    let texts: Option<Vec<String>> = items.iter().map(|item| item.string()).collect();
    if let Some(texts) = texts {
        return Ok(Input::Texts(texts));
    }
    let is_tokens = |item: &Json<'_>| item.count().is_some() || serde_json::from_str::<Vec<u32>>(item.get()).is_ok();
    if items.iter().all(is_tokens) { Ok(Input::Tokens(json.raw())) } else { Err(wrong("input", EXPECTED)) }
}

/// Writes the body of a 200. `gateway` is what the gateway says of itself. The shape has a place for usage in any case: counts that nobody reported are 0 there.
pub fn encode_response(response: &Response, request: &Request, ids: &Ids, gateway: Option<&Raw>) -> Vec<u8> {
    let mut out = Vec::new();
    object(&mut out, |o| {
        o.set("object", "list");
        o.list("data", |l| {
            for (index, vector) in response.vectors.iter().enumerate() {
                l.object(|o| {
                    o.set("object", "embedding");
                    o.set("index", index);
                    match request.encoding {
                        Encoding::Float => o.raw("embedding", vector),
                        Encoding::Base64 => o.set("embedding", packed(vector)),
                    }
                });
            }
        });
        o.set("model", ids.model(&response.model));
        let input = response.usage.as_ref().and_then(|usage| usage.input).unwrap_or(0);
        o.object("usage", |o| {
            o.set("prompt_tokens", input);
            o.set("total_tokens", input);
        });
        // Of all places the only one in this spelling: so it is with Vercel's gateway.
        if let Some(gateway) = gateway {
            o.object("providerMetadata", |o| o.raw("gateway", gateway));
        }
    });
    out
}

/// Base64 of the numbers as 32-bit floats, least byte first.
fn packed(vector: &Raw) -> String {
    let numbers: Vec<f32> = serde_json::from_str(vector.get()).unwrap_or_default();
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    base64(&bytes)
}

/// Standard base64 with padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for group in bytes.chunks(3) {
        let at = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
        let bits = (at(0) << 16) | (at(1) << 8) | at(2);
        for place in 0..4usize {
            let letter = LETTERS.get((bits >> (18_u32.saturating_sub(6 * place as u32)) & 63) as usize);
            let is_padding = place > group.len();
            out.push(if is_padding { '=' } else { letter.map_or('=', |letter| char::from(*letter)) });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Usage;
    use serde_json::{Value, json};

    #[test]
    fn requests_are_read() {
        let read = |body: &str| decode_request(body.as_bytes());
        let request = read(
            r#"{"model":"m","input":["a","b"],"dimensions":8,"encoding_format":"base64","user":"u","input_type":"search_query",
            "truncate":"END","providerOptions":{"google":{"taskType":"X"},"gateway":{}}}"#,
        );
        let request = request.unwrap();
        assert_eq!(request.texts(), Some(&["a".to_owned(), "b".to_owned()][..]));
        assert_eq!((request.dimensions, request.encoding), (Some(8), Encoding::Base64));
        assert_eq!((request.input_type.as_deref(), request.user.as_deref()), (Some("search_query"), Some("u")));
        let ext: Vec<_> = request.ext.iter().map(|ext| (ext.owner, &*ext.key)).collect();
        assert_eq!(ext, [(Owner::OpenAi, "truncate"), (Owner::Google, "taskType")]);
        assert_eq!(read(r#"{"model":"m","input":"a"}"#).unwrap().input, Input::Texts(vec!["a".into()]));
        for tokens in ["[1,2]", "[[1],[2,3]]"] {
            let request = read(&format!(r#"{{"model":"m","input":{tokens}}}"#)).unwrap();
            assert_eq!(request.input, Input::Tokens(Raw::parse(tokens).unwrap()));
        }
        for (body, param) in [
            (r#"{"model":"m"}"#, Some("input")),
            (r#"{"model":"m","input":[]}"#, Some("input")),
            (r#"{"model":"m","input":[{}]}"#, Some("input")),
            (r#"{"model":"m","input":7}"#, Some("input")),
            (r#"{"input":"a"}"#, Some("model")),
            (r#"{"model":"m","input":"a","encoding_format":"hex"}"#, Some("encoding_format")),
            (r#"{"model":"m","input":"a","dimensions":"many"}"#, Some("dimensions")),
            ("[]", None),
        ] {
            assert_eq!(read(body).unwrap_err().param.as_deref(), param, "{body}");
        }
    }

    #[test]
    fn vectors_are_numbers_as_they_came_or_packed() {
        let vectors = vec![Raw::parse("[0.50,1]").unwrap(), Raw::parse("[-2]").unwrap()];
        let usage = Some(Usage { input: Some(7), ..Usage::default() });
        let response = Response { model: String::new(), vectors, usage };
        let ids = Ids { model: "m".into(), ..Ids::default() };
        let write = |encoding| {
            let request = Request { encoding, ..Request::default() };
            String::from_utf8(encode_response(&response, &request, &ids, None)).unwrap()
        };
        assert!(write(Encoding::Float).contains(r#""embedding":[0.50,1]}"#));
        let packed: Value = serde_json::from_str(&write(Encoding::Base64)).unwrap();
        assert_eq!(packed["data"][0], json!({"object": "embedding", "index": 0, "embedding": "AAAAPwAAgD8="}));
        assert_eq!(packed["data"][1]["embedding"], "AAAAwA==");
        let words = Raw::parse(r#"{"generationId":"gen_1"}"#).unwrap();
        let told = encode_response(&response, &Request::default(), &ids, Some(&words));
        let told: Value = serde_json::from_slice(&told).unwrap();
        assert_eq!(told["providerMetadata"], json!({"gateway": {"generationId": "gen_1"}}));
        assert!(packed.get("providerMetadata").is_none());
        assert_eq!(
            (&packed["model"], &packed["usage"]),
            (&json!("m"), &json!({"prompt_tokens": 7, "total_tokens": 7}))
        );
    }

    #[test]
    fn base64_is_the_standard_one() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }
}

//! What comes from the operator and from Envoy: configurations, header maps, metadata of hosts.

use serde_json::Value;
use tollgate::config::{Plugin, host_metadata};
use tollgate::dialect::ResponseHead;
use tollgate::http::{Headers, encode};
use tollgate::stream::multipart;

use super::protobuf;

const SECRET: &str = "hunter2-of-the-environment";

/// What the load says, whether it went well or not.
fn said(bytes: &[u8]) -> String {
    let said = match Plugin::load(bytes, &|_| Some(SECRET.to_owned())) {
        Ok(plugin) => format!("{plugin:?}"),
        Err(mistakes) => {
            assert!(mistakes.messages().count() > 0, "refused without a reason");
            format!("{mistakes} {mistakes:?}")
        }
    };
    assert!(!said.contains(SECRET), "a secret is shown");
    said
}

/// Documents in JSON.
pub fn documents(data: &[u8]) {
    said(data);
}

/// Documents as Envoy hands them over: a `google.protobuf.Struct`.
pub fn structs(data: &[u8]) {
    said(data);
}

/// The Struct of a document in JSON.
pub fn struct_of(json: &[u8]) -> Option<Vec<u8>> {
    let document: Value = serde_json::from_slice(json).ok()?;
    document.is_object().then(|| protobuf::encode(&document, 1))
}

/// Header maps in the host's form, the head of a response, the metadata of a host, a content type.
pub fn heads(data: &[u8]) {
    let headers = Headers::parse(data.to_vec());
    let block = encode(headers.iter());
    let again = Headers::parse(block);
    assert!(again.iter().eq(headers.iter()), "another map when written anew");
    ResponseHead::read(&headers);
    host_metadata::provider(data);
    multipart::boundary(data);
}

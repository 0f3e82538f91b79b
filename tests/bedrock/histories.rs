//! Messages, one by one: roles, media, calls and results.

use serde_json::{Value, json};
use tollgate::chat::Request;

use super::features::{CLAUDE, LLAMA, NEW, NOVA, goes, of_messages, refused, tool, with};
use super::strict::{facts, sent};

fn user(part: Value) -> Request {
    of_messages(json!([{"role": "user", "content": [{"type": "text", "text": "see"}, part]}]))
}

fn call(id: &str, name: &str) -> Value {
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": "{\"a\":1}"}})
}

#[test]
fn texts_and_roles() {
    let system = json!([{"role": "system", "content": "a"}, {"role": "developer", "content": "b"}, {"role": "user", "content": "c"}]);
    let places = [
        ("/system", json!([{"text": "a"}, {"text": "b"}])),
        ("/messages", json!([{"role": "user", "content": [{"text": "c"}]}])),
    ];
    goes("system and developer", &of_messages(system), CLAUDE, &places, &[]);
    let late =
        json!([{"role": "user", "content": "a"}, {"role": "system", "content": "b"}, {"role": "user", "content": "c"}]);
    let places = [
        ("/system/0/text", json!("b")),
        ("/messages/0/content", json!([{"text": "a"}, {"text": "c"}])),
        ("/messages/1", Value::Null),
    ];
    goes(
        "rule 15: a late system message; rule 13: neighbours are one",
        &of_messages(late),
        CLAUDE,
        &places,
        &["messages.position"],
    );
    let turns = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c", "name": "bob"}]);
    let places = [("/messages/1/role", json!("assistant")), ("/messages/2/content/0/text", json!("c"))];
    goes("turns", &of_messages(turns), CLAUDE, &places, &["messages.name"]);
    let empty = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": " "}, {"role": "user", "content": ""}, {"role": "user", "content": "b"}]);
    goes(
        "nothing is blank",
        &of_messages(empty),
        CLAUDE,
        &[("/messages/0/content/1/text", json!("b")), ("/messages/1", Value::Null)],
        &[],
    );
    let prefill = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "Sure: "}]);
    goes(
        "the beginning of an answer",
        &of_messages(prefill.clone()),
        CLAUDE,
        &[("/messages/1/content/0/text", json!("Sure:"))],
        &[],
    );
    refused("the beginning of an answer where that is a 400", &of_messages(prefill), NEW, "messages");
    let refusal = json!([{"role": "user", "content": "a"}, {"role": "assistant", "refusal": "no", "content": null}, {"role": "user", "content": "b"}]);
    goes("an earlier refusal", &of_messages(refusal), CLAUDE, &[("/messages/1/content/0/text", json!("no"))], &[]);
    refused("nobody asks", &of_messages(json!([{"role": "system", "content": "a"}])), CLAUDE, "messages");
    refused(
        "the assistant begins",
        &of_messages(json!([{"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}])),
        CLAUDE,
        "messages",
    );
}

#[test]
fn images_and_films() {
    let image = |url: &str| user(json!({"type": "image_url", "image_url": {"url": url, "detail": "low"}}));
    for (url, format) in [
        ("data:image/png;base64,iVBORw0KGgo=", "png"),
        ("data:image/jpg;base64,/9j/AA==", "jpeg"),
        ("data:image/webp;base64,UklGRAAA", "webp"),
        ("data:image/gif;base64,R0lGODlh", "gif"),
        // The bytes know better.
        ("data:image/jpeg;base64,iVBORw0KGgo=", "png"),
        ("data:;base64,R0lGODlh", "gif"),
    ] {
        let bytes = url.split(',').nth(1).unwrap();
        let block = json!({"image": {"format": format, "source": {"bytes": bytes}}});
        goes("an image", &image(url), CLAUDE, &[("/messages/0/content/1", block)], &[]);
    }
    let bucket = json!({"image": {"format": "jpeg", "source": {"s3Location": {"uri": "s3://bucket/kiwi.jpg"}}}});
    goes("an image in S3", &image("s3://bucket/kiwi.jpg"), NOVA, &[("/messages/0/content/1", bucket)], &[]);
    refused(
        "an image that has to be fetched",
        &image("https://example.com/a.png"),
        CLAUDE,
        "messages.content.image_url",
    );
    refused("a bitmap", &image("data:image/bmp;base64,AAAA"), CLAUDE, "messages.content.image_url");
    refused("an empty image", &image("data:image/png;base64,"), CLAUDE, "messages.content.image_url");
    let film = |url: &str| user(json!({"type": "video_url", "video_url": {"url": url}}));
    let block = json!({"video": {"format": "three_gp", "source": {"bytes": "AAAA"}}});
    goes("a film", &film("data:video/3gpp;base64,AAAA"), NOVA, &[("/messages/0/content/1", block)], &[]);
    let bucket = json!({"video": {"format": "mp4", "source": {"s3Location": {"uri": "s3://bucket/a.MP4"}}}});
    goes("a film in S3", &film("s3://bucket/a.MP4"), NOVA, &[("/messages/0/content/1", bucket)], &[]);
    refused("a film that has to be fetched", &film("https://example.com/a.mp4"), NOVA, "messages.content.video_url");
    let sound = user(json!({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}));
    refused("sound", &sound, NOVA, "messages.content.input_audio");
    let told = json!([{"role": "system", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]}, {"role": "user", "content": "a"}]);
    refused("an image for the system", &of_messages(told), CLAUDE, "messages.content");
    let shown = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]}, {"role": "user", "content": "c"}]);
    goes(
        "the assistant's own image",
        &of_messages(shown),
        CLAUDE,
        &[("/messages/1/content", json!([{"text": "b"}]))],
        &["messages.images"],
    );
}

#[test]
fn documents() {
    let file = |data: &str, name: &str, more: Value| {
        let mut part = json!({"type": "file", "file": {"file_data": data, "filename": name}});
        part.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        part
    };
    let one = file(
        "data:application/pdf;base64,JVBERi0=",
        "my_file.v2.pdf",
        json!({"context": "c", "citations": {"enabled": true}}),
    );
    let block = json!({"document": {"format": "pdf", "name": "my file v2", "source": {"bytes": "JVBERi0="}, "context": "c", "citations": {"enabled": true}}});
    goes("a document", &user(one), CLAUDE, &[("/messages/0/content/1", block)], &[]);
    for (data, name, format) in [
        ("data:text/plain;base64,QQ==", "a", "txt"),
        ("data:text/csv;base64,QQ==", "a", "csv"),
        ("data:application/octet-stream;base64,QQ==", "a.docx", "docx"),
        ("data:application/vnd.openxmlformats-officedocument.spreadsheetml.sheet;base64,QQ==", "a", "xlsx"),
        ("data:text/markdown;charset=utf-8;base64,QQ==", "a", "md"),
        ("s3://bucket/a.HTML", "x", "html"),
        ("JVBERi0=", "x", "pdf"),
    ] {
        goes(
            "a format",
            &user(file(data, name, json!({}))),
            NOVA,
            &[("/messages/0/content/1/document/format", json!(format))],
            &[],
        );
    }
    let alone = |name: &str| json!({"role": "user", "content": [file("data:text/plain;base64,QQ==", name, json!({}))]});
    let two = of_messages(
        json!([alone("r.txt"), alone("r.md"), {"role": "assistant", "content": "b"}, alone("r.csv"), {"role": "user", "content": "c"}]),
    );
    let name = |place: &str| format!("/messages/{place}/document/name");
    let places = [
        (&*name("0/content/0"), json!("r")),
        (&*name("0/content/1"), json!("r (2)")),
        (&*name("2/content/0"), json!("r (3)")),
        ("/messages/0/content/2/text", json!("See the attached document.")),
        ("/messages/2/content/1/text", json!("c")),
        ("/messages/2/content/2", Value::Null),
    ];
    goes("unique names, and a text beside", &two, CLAUDE, &places, &[]);
    refused(
        "a document that has to be fetched",
        &user(file("https://example.com/a.pdf", "a.pdf", json!({}))),
        CLAUDE,
        "messages.content.file",
    );
    refused(
        "an archive",
        &user(file("data:application/zip;base64,AAAA", "a.zip", json!({}))),
        CLAUDE,
        "messages.content.file",
    );
    refused(
        "a file of an account",
        &user(json!({"type": "file", "file": {"file_id": "file-1"}})),
        CLAUDE,
        "messages.content.file_id",
    );
}

#[test]
fn calls_and_results() {
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}});
    // Case 24: two calls, the first result with an image; the results come in another order.
    let history = json!([{"role": "user", "content": "go"}, {"role": "assistant", "tool_calls": [call("x/1", "f"), call("y", "g")]},
        {"role": "tool", "tool_call_id": "y", "content": "two"},
        {"role": "tool", "tool_call_id": "x/1", "content": [{"type": "text", "text": "one"}, image]},
        {"role": "user", "content": "and?"}]);
    let request = of_messages(history);
    let (_, body) = sent(&request, &facts(CLAUDE)).unwrap();
    let id = body["messages"][1]["content"][0]["toolUse"]["toolUseId"].clone();
    assert!(id.as_str().unwrap().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "rule 3: {id}");
    let shown = json!({"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}});
    let one = json!({"toolResult": {"toolUseId": id, "content": [{"text": "one"}, shown]}});
    let two = json!({"toolResult": {"toolUseId": "y", "content": [{"text": "two"}]}});
    let places = [
        ("/messages/2/content", json!([one, two, {"text": "and?"}])),
        ("/messages/1/content/1/toolUse/input", json!({"a": 1})),
    ];
    goes("case 24, rule 13 and trap 6", &request, CLAUDE, &places, &[]);
    let mixed = json!([{"role": "user", "content": "go"}, {"role": "assistant", "tool_calls": [call("a", "f"), call("b", "g")]},
        {"role": "user", "content": "1"}, {"role": "tool", "tool_call_id": "b", "content": "B"}, {"role": "user", "content": "2"},
        {"role": "tool", "tool_call_id": "a", "content": "A"}, {"role": "user", "content": "3"}]);
    let (_, body) = sent(&of_messages(mixed), &facts(CLAUDE)).unwrap();
    let content = body["messages"][2]["content"].as_array().unwrap().iter();
    let order: Vec<&Value> =
        content.map(|block| block.get("text").unwrap_or(&block["toolResult"]["content"][0]["text"])).collect();
    assert_eq!(order, ["A", "B", "1", "2", "3"], "rule 13");
    let twice = json!([{"role": "user", "content": "go"}, {"role": "assistant", "tool_calls": [call("c", "f")]}, {"role": "tool", "tool_call_id": "c", "content": "1"},
        {"role": "assistant", "tool_calls": [call("c", "f")]}, {"role": "tool", "tool_call_id": "c", "content": "", "is_error": true}]);
    let (_, body) = sent(&of_messages(twice.clone()), &facts(CLAUDE)).unwrap();
    let id = |i: usize, kind: &str| body["messages"][i]["content"][0][kind]["toolUseId"].clone();
    assert!(
        id(1, "toolUse") == id(2, "toolResult")
            && id(3, "toolUse") == id(4, "toolResult")
            && id(1, "toolUse") != id(3, "toolUse"),
        "rule 4"
    );
    let failed = |id: &str, body: &Value| body["messages"][4]["content"][0]["toolResult"][id].clone();
    assert_eq!((failed("status", &body), failed("content", &body)), (json!("error"), json!([])));
    goes(
        "a failure where there is no word for it",
        &of_messages(twice),
        LLAMA,
        &[("/messages/4/content/0/toolResult/status", Value::Null)],
        &["messages.is_error"],
    );
    let bare = json!([{"role": "user", "content": "go"}, {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}]}, {"role": "tool", "tool_call_id": "c", "content": ""}]);
    let places =
        [("/messages/1/content/0/toolUse/input", json!({})), ("/messages/2/content/0/toolResult/content", json!([]))];
    goes("trap 9: no arguments", &of_messages(bare), CLAUDE, &places, &[]);
    let kept = of_messages(
        json!([{"role": "user", "content": "go"}, {"role": "assistant", "tool_calls": [call("a.b:c", "f")]}, {"role": "tool", "tool_call_id": "a.b:c", "content": "r"}]),
    );
    goes(
        "rule 3: kept where it is accepted",
        &kept,
        NOVA,
        &[("/messages/1/content/0/toolUse/toolUseId", json!("a.b:c"))],
        &[],
    );
}

#[test]
fn rule_14_halves_are_refused_by_their_id() {
    for (what, history, id) in [
        (
            "no result",
            json!([{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [call("c1", "f")]}, {"role": "user", "content": "b"}]),
            "c1",
        ),
        (
            "no result at the end",
            json!([{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [call("c2", "f")]}]),
            "c2",
        ),
        (
            "no call",
            json!([{"role": "user", "content": "a"}, {"role": "tool", "tool_call_id": "c3", "content": "r"}]),
            "c3",
        ),
        (
            "one of two",
            json!([{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [call("c", "f"), call("c4", "f")]}, {"role": "tool", "tool_call_id": "c", "content": "r"}]),
            "c4",
        ),
    ] {
        refused(what, &of_messages(history), CLAUDE, &format!("messages.tool_call_id: {id}"));
    }
}

#[test]
fn rule_16_calls_without_tools_bring_their_definitions() {
    let history = json!([{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [call("c", "f"), call("d", "g"), call("e", "f")]},
        {"role": "tool", "tool_call_id": "c", "content": "r"}, {"role": "tool", "tool_call_id": "d", "content": "r"}, {"role": "tool", "tool_call_id": "e", "content": "r"}]);
    let spec = |name: &str| json!({"toolSpec": {"name": name, "inputSchema": {"json": {"type": "object"}}}});
    goes(
        "no tools",
        &of_messages(history.clone()),
        CLAUDE,
        &[("/toolConfig", json!({"tools": [spec("f"), spec("g")]}))],
        &[],
    );
    let none = with(json!({"messages": history, "tools": [tool("f")], "tool_choice": "none"}));
    let places = [
        ("/toolConfig/tools/0/toolSpec/name", json!("f")),
        ("/toolConfig/tools/1", Value::Null),
        ("/toolConfig/toolChoice", Value::Null),
    ];
    goes("no more calls: Bedrock has no word for it", &none, CLAUDE, &places, &["tool_choice"]);
    let other = with(json!({"messages": history, "tools": [tool("h")]}));
    goes(
        "other tools",
        &other,
        CLAUDE,
        &[("/toolConfig/tools/0/toolSpec/name", json!("h")), ("/toolConfig/tools/1", Value::Null)],
        &[],
    );
}

/// Built-in tools' calls and results go together; another's blocks, and what would be a 400, do not go at all.
#[test]
fn blocks_of_a_history() {
    let block = |format: &str, id: Value, name: Value, block: Value| json!({"format": format, "call_id": id, "name": name, "block": block});
    let call = block(
        "amazon-bedrock-v1",
        json!("c"),
        json!("x"),
        json!({"toolUse": {"toolUseId": "c", "name": "x", "input": {}, "type": "server_tool_use"}}),
    );
    let result = block(
        "amazon-bedrock-v1",
        json!("c"),
        Value::Null,
        json!({"toolResult": {"toolUseId": "c", "content": [], "type": "x_result"}}),
    );
    let foreign = block("anthropic-claude-v1", json!("c"), json!("x"), json!({"type": "server_tool_use"}));
    let unknown = block("amazon-bedrock-v1", Value::Null, Value::Null, json!({"hologram": {"depth": 3}}));
    for (what, blocks, expected, lost) in [
        ("both", json!([call, result]), 3, &[][..]),
        ("a call alone", json!([call]), 1, &[]),
        ("a result alone", json!([result]), 1, &[]),
        ("another's", json!([foreign]), 1, &["blocks"]),
        ("what nobody knows", json!([unknown]), 1, &["blocks"]),
    ] {
        let message = json!({"role": "assistant", "content": "t", "provider_specific_fields": {"blocks": blocks}});
        let request = of_messages(json!([{"role": "user", "content": "a"}, message, {"role": "user", "content": "b"}]));
        let (_, body) = sent(&request, &facts(NOVA)).unwrap();
        assert_eq!(body["messages"][1]["content"].as_array().unwrap().len(), expected, "{what}: {body}");
        goes(what, &request, NOVA, &[], lost);
    }
}

/// Work grows with the request, not with its square: a hostile history must not stop the worker.
#[test]
fn long_histories_take_no_longer_than_they_are() {
    let mut messages = vec![json!({"role": "user", "content": "go"})];
    let calls: Vec<Value> = (0..20_000).map(|i| call(&format!("call_{}", i / 2), &format!("f{i}"))).collect();
    messages.push(json!({"role": "assistant", "tool_calls": calls}));
    let result = |i: usize| json!({"role": "tool", "tool_call_id": format!("call_{}", i / 2), "content": "r"});
    messages.extend((0..20_000).rev().map(result));
    let document = json!({"type": "file", "file": {"file_data": "data:text/plain;base64,QQ==", "filename": "a.txt"}});
    messages.push(json!({"role": "user", "content": vec![document; 20_000]}));
    let request = of_messages(Value::Array(messages));
    let begun = std::time::Instant::now();
    let (_, body) = sent(&request, &facts(CLAUDE)).unwrap();
    assert_eq!(body["messages"][2]["content"].as_array().unwrap().len(), 40_001);
    assert_eq!(body["messages"][2]["content"][39_999]["document"]["name"], "a (20000)");
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}

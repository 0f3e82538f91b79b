//! What the core of one request costs natively, step by step, and each event of a stream, passed through and translated:
//! `cargo bench --bench request`.

#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark may fail loudly")]

use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;
use tollgate::chat::{self, Ids};
use tollgate::config::{Config, Dialect};
use tollgate::dialect::decode::Decode;
use tollgate::dialect::heard::Voice;
use tollgate::dialect::openai::chat::Encoder;
use tollgate::dialect::passing::{Answer, Stream};
use tollgate::dialect::translation::{Translation, Wanted};
use tollgate::dialect::{self, Client, Facts, RequestHead, ResponseHead, anthropic};
use tollgate::exchange::{Admission, Exchange, Mint, admit, record};
use tollgate::generation::{self, Lane};
use tollgate::health::Memory;
use tollgate::http::{Headers, encode};
use tollgate::metric::samples;
use tollgate::operation::Operation;
use tollgate::route::{Ask, Plan, Request, plan};

const CONFIG: &str = r#"{"role":"gateway","providers":[{"name":"openai","credentials":[{"value":"sk-provider"}]}],
  "models":[{"name":"bench/chat","targets":[{"provider":"openai","model":"gpt-5"}]}],
  "groups":[{"name":"bench","models":["*"]}],
  "keys":[{"id":"bench","group":"bench","secret":{"env":"KEY"}}]}"#;

fn time<T>(name: &str, mut work: impl FnMut() -> T) {
    const ROUNDS: u32 = 20_000;
    for _ in 0..1_000 {
        black_box(work());
    }
    let start = Instant::now();
    for _ in 0..ROUNDS {
        black_box(work());
    }
    println!("{name:<28} {:>7} ns", start.elapsed().as_nanos() / u128::from(ROUNDS));
}

fn head(pairs: &[(&str, &str)]) -> Vec<u8> {
    encode(pairs.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())))
}

fn main() {
    let config = Rc::new(Config::load(CONFIG.as_bytes(), &|_| Some("sk-bench-client".to_owned())).expect("loads"));
    let health = tollgate::health::alone();
    let request = head(&[
        (":method", "POST"),
        (":path", "/v1/chat/completions"),
        (":authority", "127.0.0.1:8080"),
        (":scheme", "http"),
        ("content-type", "application/json"),
        ("authorization", "Bearer sk-bench-client"),
        ("content-length", "1100"),
        ("x-forwarded-proto", "http"),
        ("x-request-id", "af220020-af35-4673-9ad6-569cb9cdfe6d"),
    ]);
    let response = head(&[
        (":status", "200"),
        ("content-type", "application/json"),
        ("content-length", "1000"),
        ("server", "x"),
        ("date", "x"),
    ]);
    let body = format!(
        r#"{{"model": "bench/chat", "stream": false, "messages": [{{"role": "user", "content": "{}"}}]}}"#,
        "Tell me something about proxies. ".repeat(27)
    );
    let long = body.replace("Tell me", &r#"Tell me\nof \"proxies\", their rules and their makers. "#.repeat(50));
    let answer = format!(
        r#"{{"id":"chatcmpl-1","model":"gpt-5","choices":[{{"index":0,"message":{{"role":"assistant","content":"{}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":200,"completion_tokens":180,"total_tokens":380}}}}"#,
        "An answer of some length, about proxies. ".repeat(20)
    );

    let headers = Headers::parse(request.clone());
    let admitted = || match admit(&config, &headers, false, &Memory::default(), 0) {
        Ok(Admission::Read(admitted)) => *admitted,
        other => panic!("{other:?}"),
    };
    let ask = || -> Ask {
        let mut admitted = admitted();
        admitted.reader.feed(body.as_bytes()).expect("JSON");
        admitted.reader.finish(admitted.path, None).expect("an ask")
    };
    let planned = |ask: &Ask| -> Plan {
        let request = Request {
            config: &config,
            caller: &admitted().caller,
            operation: ask.operation,
            asked: &ask.model,
            options: &ask.options,
            conversation: ask.conversation,
            draw: 1,
            pinned: None,
            subscription: None,
            first_only: false,
            refusal: &|_, _, _| None,
        };
        plan(&request).expect("a plan")
    };
    let exchange = || {
        let ask = ask();
        let plan = planned(&ask);
        Exchange::new(
            ("gen_x".to_owned(), 1),
            config.clone(),
            admitted().caller,
            ask,
            plan,
            headers.clone(),
            health.clone(),
        )
    };
    let served = || {
        let exchange = exchange();
        let index = exchange.begin(b"openai", 1).expect("begins").index;
        exchange.serve(index, 200, 2);
        let mut passing = Answer::new(Operation::ChatCompletions);
        passing.feed(answer.as_bytes());
        passing.finish();
        exchange.learn(index, passing.learnt());
        exchange.finish(index, None);
        exchange
    };

    time("headers: parse", || Headers::parse(request.clone()));
    time("admit", admitted);
    time("admit + read + ask", ask);
    let one = ask();
    time("read 64 KiB of text", || {
        let mut admitted = admitted();
        long.as_bytes().chunks(16 << 10).for_each(|piece| admitted.reader.feed(piece).expect("JSON"));
        admitted.reader.length()
    });
    time("admit + plan", || planned(&one));
    time("exchange (all of it)", exchange);
    let mut mint = Mint::new(1, Lane::of(0));
    time("ticket + generation", || {
        let ticket = mint.ticket();
        mint.generation(ticket, 1)
    });
    let exchange = served();
    let target = exchange.plan.targets.first().expect("a target");
    time("encode: edits", || dialect::openai::encode(&exchange.ask, target));
    time("encode: head", || {
        let edits = dialect::openai::encode(&exchange.ask, target);
        let head = RequestHead {
            pristine: &headers,
            target,
            secret: None,
            path: &edits.path,
            content_length: 1,
            dialect: &[],
        };
        head.encode()
    });
    time("encode: body", || {
        let edits = dialect::openai::encode(&exchange.ask, target);
        edits.body.apply(body.as_bytes().get(..edits.body.end()).expect("a body"))
    });
    time("response head", || ResponseHead::read(&Headers::parse(response.clone())));
    time("answer: usage", || {
        let mut passing = Answer::new(Operation::ChatCompletions);
        passing.feed(answer.as_bytes());
        passing.finish();
        passing.learnt().usage.input
    });
    time("response headers", || exchange.headers());
    time("report", || exchange.report(3, Some(200), None));
    let report = exchange.report(3, Some(200), None);
    time("samples", || samples(&report, &config));
    time("log line", || report.line(&config));
    let cells = Memory::default();
    time("generation kept", || record(&report, &config).map(|record| generation::keep(&cells, &record)));
    time("everything", served);
    events();
}

/// One event of text, to a client of chat completions.
fn events() {
    let chunk = br#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"gpt-5","choices":[{"index":0,"delta":{"content":"token "},"finish_reason":null}]}

"#;
    for (name, hides_usage) in [("event: passed", false), ("event: passed, usage hidden", true)] {
        let mut stream = Stream::new(Operation::ChatCompletions, hides_usage);
        time(name, || stream.feed(chunk, false));
    }
    let text = br#"event: response.output_text.delta
data: {"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_68a5c1e0b7a48190","output_index":0,"content_index":0,"delta":"token ","logprobs":[],"obfuscation":"aB3dE6gH9j"}

"#;
    let mut stream = Stream::new(Operation::Responses, false);
    time("event: of responses, passed", || stream.feed(text, false));
    let start = br#"event: message_start
data: {"type":"message_start","message":{"id":"msg_1","model":"claude","usage":{"input_tokens":200,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

"#;
    let delta = br#"event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"token "}}

"#;
    let mut stream = Stream::new(Operation::Messages, false);
    stream.feed(start, false);
    time("event: of messages, passed", || stream.feed(delta, false));
    let ids = Ids { seed: "01J".to_owned(), created: 1_700_000_000, ..Ids::default() };
    let asked = chat::Request { stream: true, usage_wanted: true, ..chat::Request::default() };
    let mut decoder = anthropic::Decoder::new(&ids);
    let mut found = Vec::new();
    decoder.feed(start, &mut found);
    time("event: decoded", || {
        found.clear();
        decoder.feed(delta, &mut found);
    });
    let (mut encoder, mut out) = (Encoder::new(&asked, &ids), Vec::new());
    let mut first = Vec::new();
    anthropic::Decoder::new(&ids).feed(start, &mut first);
    encoder.feed(&first, &mut out);
    time("event: encoded", || {
        out.clear();
        encoder.feed(&found, &mut out);
        out.len()
    });
    let facts = Facts { vendor: "anthropic", model: "claude-sonnet-4-5", base_path: "/v1", ..Facts::default() };
    let model = "acme/chat".to_owned();
    let voice = Voice { client: Client::OpenAi, operation: Operation::ChatCompletions, model, stream: true };
    let (_, mut translation) =
        Translation::begin(voice, Dialect::Anthropic, Wanted::Chat(Box::new(asked)), &facts, ids);
    translation.open_stream();
    translation.read(start, false, &|_| None);
    time("event: translated", || {
        translation.read(delta, false, &|_| None);
        translation.written()
    });
}

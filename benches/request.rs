//! What the core of one passthrough request costs natively, step by step: `cargo bench --bench request`.

#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark may fail loudly")]

use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;
use tollgate::config::Config;
use tollgate::dialect::openai::Answer;
use tollgate::dialect::{self, RequestHead, ResponseHead};
use tollgate::exchange::{Admission, Exchange, Mint, admit};
use tollgate::http::{Headers, encode};
use tollgate::metric::samples;
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
    let answer = format!(
        r#"{{"id":"chatcmpl-1","model":"gpt-5","choices":[{{"index":0,"message":{{"role":"assistant","content":"{}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":200,"completion_tokens":180,"total_tokens":380}}}}"#,
        "An answer of some length, about proxies. ".repeat(20)
    );

    let headers = Headers::parse(request.clone());
    let admitted = || match admit(&config, &headers, false) {
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
        let mut passing = Answer::default();
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
    time("admit + plan", || planned(&one));
    time("exchange (all of it)", exchange);
    let mut mint = Mint::new(1);
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
        let mut passing = Answer::default();
        passing.feed(answer.as_bytes());
        passing.finish();
        passing.learnt().usage.input
    });
    time("response headers", || exchange.headers());
    time("report", || exchange.report(3, Some(200), None));
    let report = exchange.report(3, Some(200), None);
    time("samples", || samples(&report, &config));
    time("log line", || report.line(&config));
    time("everything", served);
}

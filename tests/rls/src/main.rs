//! `tollgate-test-rls ADDRESS REDIS DOMAIN RULE...`: answers `ShouldRateLimit` as envoyproxy/ratelimit does, with counters
//! in Redis. A rule is `key,key,...=limit/seconds`: descriptors with exactly these keys have a counter per values.
//!
//! It prints a line per call, so that the tests can count them: the hits, and the descriptor, of each counter.

mod limits;
mod messages;

use bytes::{BufMut, Bytes, BytesMut};
use h2::server::{self, SendResponse};
use http::{HeaderMap, HeaderValue, Response};
use limits::Limits;
use prost::Message;
use std::error::Error;
use std::rc::Rc;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Status of gRPC: the counters cannot be reached.
const UNAVAILABLE: &str = "14";
/// Bytes before a message of gRPC: whether it is compressed, and its length.
const PREFIX: usize = 5;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, redis, domain, rules @ ..] = &*arguments else {
        return Err("expected ADDRESS REDIS DOMAIN RULE...".into());
    };
    let limits = Rc::new(Limits::new(redis, domain, rules).await?);
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    LocalSet::new()
        .run_until(async move {
            loop {
                let (stream, _) = listener.accept().await?;
                let limits = limits.clone();
                // A connection that ends in the middle of a call is no mistake of ours.
                tokio::task::spawn_local(async move { serve(stream, limits).await.ok() });
            }
        })
        .await
}

async fn serve(stream: TcpStream, limits: Rc<Limits>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut connection = server::handshake(stream).await?;
    while let Some(call) = connection.accept().await {
        let (request, respond) = call?;
        let limits = limits.clone();
        tokio::task::spawn_local(async move { answer(request.into_body(), respond, &limits).await.ok() });
    }
    Ok(())
}

/// Reads one message and answers with one.
async fn answer(mut body: h2::RecvStream, mut respond: SendResponse<Bytes>, limits: &Limits) -> Result<()> {
    let mut bytes = BytesMut::new();
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        bytes.extend_from_slice(&data);
    }
    let request = messages::Request::decode(bytes.split_off(PREFIX.min(bytes.len())))?;
    let head = Response::builder().header("content-type", "application/grpc").body(())?;
    let (status, message) = match limits.answer(&request).await {
        Ok(response) => ("0", response.encode_to_vec()),
        Err(error) => {
            eprintln!("{error}");
            (UNAVAILABLE, Vec::new())
        }
    };
    let mut stream = respond.send_response(head, false)?;
    if !message.is_empty() {
        let mut framed = BytesMut::with_capacity(PREFIX + message.len());
        framed.put_u8(0);
        framed.put_u32(u32::try_from(message.len())?);
        framed.put_slice(&message);
        stream.send_data(framed.freeze(), false)?;
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static(status));
    stream.send_trailers(trailers)?;
    Ok(())
}

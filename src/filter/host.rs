//! The only way to the host: every call returns a `Result` and bytes, and none of them panics.
//!
//! The SDK's own calls panic on header bytes that are not UTF-8 and on statuses they do not expect, and a panic fails
//! every stream of the worker. This is the one place with `unsafe`.
#![allow(unsafe_code)]

use crate::http::Headers;
use crate::metric::Kind;
use crate::stream::protobuf::put_bytes;
use std::time::Duration;

/// A status that the host gave instead of a result: 1 not found, 2 bad argument, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u32);

type Result<T> = std::result::Result<T, Status>;

/// A header map.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Map {
    RequestHeaders = 0,
    ResponseHeaders = 2,
    /// Of the answer to a call of our own, in its callback.
    Call = 6,
}

/// A buffer.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Buffer {
    RequestBody = 0,
    ResponseBody = 1,
    /// Of the answer to a call of our own, in its callback.
    CallBody = 4,
    /// Of the answer to a gRPC call of our own, in its callback.
    GrpcMessage = 5,
    PluginConfiguration = 7,
}

mod abi {
    unsafe extern "C" {
        pub fn proxy_log(level: u32, text: *const u8, size: usize) -> u32;
        pub fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
        pub fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
        pub fn proxy_set_effective_context(context: u32) -> u32;
        pub fn proxy_continue_stream(stream: u32) -> u32;
        pub fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
        pub fn proxy_set_header_map_pairs(map: u32, data: *const u8, size: usize) -> u32;
        pub fn proxy_replace_header_map_value(
            map: u32,
            key: *const u8,
            key_size: usize,
            value: *const u8,
            value_size: usize,
        ) -> u32;
        pub fn proxy_remove_header_map_value(map: u32, key: *const u8, key_size: usize) -> u32;
        pub fn proxy_get_buffer_bytes(
            buffer: u32,
            start: usize,
            max: usize,
            data: *mut *mut u8,
            size: *mut usize,
        ) -> u32;
        pub fn proxy_set_buffer_bytes(buffer: u32, start: usize, size: usize, data: *const u8, data_size: usize)
        -> u32;
        pub fn proxy_get_property(path: *const u8, path_size: usize, data: *mut *mut u8, size: *mut usize) -> u32;
        pub fn proxy_set_property(path: *const u8, path_size: usize, value: *const u8, value_size: usize) -> u32;
        pub fn proxy_get_shared_data(
            key: *const u8,
            key_size: usize,
            data: *mut *mut u8,
            size: *mut usize,
            cas: *mut u32,
        ) -> u32;
        pub fn proxy_set_shared_data(
            key: *const u8,
            key_size: usize,
            value: *const u8,
            value_size: usize,
            cas: u32,
        ) -> u32;
        pub fn proxy_define_metric(kind: u32, name: *const u8, size: usize, id: *mut u32) -> u32;
        pub fn proxy_increment_metric(id: u32, offset: i64) -> u32;
        pub fn proxy_record_metric(id: u32, value: u64) -> u32;
        pub fn proxy_send_local_response(
            status: u32,
            details: *const u8,
            details_size: usize,
            body: *const u8,
            body_size: usize,
            headers: *const u8,
            headers_size: usize,
            grpc_status: i32,
        ) -> u32;
        pub fn proxy_call_foreign_function(
            name: *const u8,
            name_size: usize,
            arguments: *const u8,
            arguments_size: usize,
            result: *mut *mut u8,
            result_size: *mut usize,
        ) -> u32;
    }
}

fn done(status: u32) -> Result<()> {
    if status == 0 { Ok(()) } else { Err(Status(status)) }
}

/// Runs a call that hands over memory, and takes it.
fn taken(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Vec<u8>> {
    let (mut data, mut size) = (std::ptr::null_mut::<u8>(), 0usize);
    done(call(&mut data, &mut size))?;
    if data.is_null() || size == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: the host got this block from `proxy_on_memory_allocate`, which makes a boxed slice of exactly `size`.
    Ok(unsafe { Vec::from_raw_parts(data, size, size) })
}

/// Writes a line to Envoy's log. Levels: 0 trace, 1 debug, 2 info, 3 warn, 4 error, 5 critical.
pub fn log(level: u32, text: &str) {
    // SAFETY: the host reads the slice during the call.
    let _ = unsafe { abi::proxy_log(level, text.as_ptr(), text.len()) };
}

/// Nanoseconds since 1970.
pub fn now() -> u64 {
    let mut time = 0;
    // SAFETY: the host writes one u64.
    let _ = unsafe { abi::proxy_get_current_time_nanoseconds(&mut time) };
    time
}

/// Asks for `on_tick` of the current root, every so many milliseconds; 0 ends it.
pub fn set_tick_period(milliseconds: u32) -> Result<()> {
    // SAFETY: numbers only.
    done(unsafe { abi::proxy_set_tick_period_milliseconds(milliseconds) })
}

/// Makes the following calls count for another context.
pub fn set_effective_context(context: u32) -> Result<()> {
    // SAFETY: numbers only.
    done(unsafe { abi::proxy_set_effective_context(context) })
}

/// Lets a paused request go on.
pub fn resume_request() -> Result<()> {
    // SAFETY: numbers only.
    done(unsafe { abi::proxy_continue_stream(0) })
}

/// Lets a held response go on.
pub fn resume_response() -> Result<()> {
    // SAFETY: numbers only.
    done(unsafe { abi::proxy_continue_stream(1) })
}

/// A whole header map; empty when there is none.
pub fn headers(map: Map) -> Headers {
    // SAFETY: `taken` says what the host does with the pointers.
    let block = taken(|data, size| unsafe { abi::proxy_get_header_map_pairs(map as u32, data, size) });
    Headers::parse(block.unwrap_or_default())
}

/// Replaces a whole header map by one in the host's form.
pub fn set_headers(map: Map, block: &[u8]) -> Result<()> {
    // SAFETY: the host reads the slice during the call.
    done(unsafe { abi::proxy_set_header_map_pairs(map as u32, block.as_ptr(), block.len()) })
}

/// Sets one header.
pub fn set_header(map: Map, name: impl AsRef<[u8]>, value: &[u8]) -> Result<()> {
    let (key, size) = (name.as_ref().as_ptr(), name.as_ref().len());
    // SAFETY: the host reads the slices during the call.
    done(unsafe { abi::proxy_replace_header_map_value(map as u32, key, size, value.as_ptr(), value.len()) })
}

/// Removes all values of a header.
pub fn remove_header(map: Map, name: &[u8]) -> Result<()> {
    // SAFETY: the host reads the slice during the call.
    done(unsafe { abi::proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len()) })
}

/// Bytes of a buffer: what there is of `size` bytes from `start` on.
pub fn body(buffer: Buffer, start: usize, size: usize) -> Vec<u8> {
    if size == 0 {
        return Vec::new();
    }
    // SAFETY: `taken` says what the host does with the pointers.
    taken(|data, out| unsafe { abi::proxy_get_buffer_bytes(buffer as u32, start, size, data, out) }).unwrap_or_default()
}

/// Replaces the first `size` bytes of a buffer.
pub fn set_body(buffer: Buffer, size: usize, with: &[u8]) -> Result<()> {
    // SAFETY: the host reads the slice during the call.
    done(unsafe { abi::proxy_set_buffer_bytes(buffer as u32, 0, size, with.as_ptr(), with.len()) })
}

/// A property; path segments are divided by zero bytes.
pub fn property(path: &str) -> Option<Vec<u8>> {
    // SAFETY: `taken` says what the host does with the pointers.
    taken(|data, size| unsafe { abi::proxy_get_property(path.as_ptr(), path.len(), data, size) }).ok()
}

/// Sets a property: filter state `wasm.<name>`.
pub fn set_property(name: &str, value: &[u8]) -> Result<()> {
    // SAFETY: the host reads the slices during the call.
    done(unsafe { abi::proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) })
}

/// Data that all workers share, and the number that a later compare-and-swap must name.
pub fn shared(key: &str) -> Option<(Vec<u8>, u32)> {
    let mut cas = 0;
    // SAFETY: `taken` says what the host does with the pointers; it also writes one u32.
    let value =
        taken(|data, size| unsafe { abi::proxy_get_shared_data(key.as_ptr(), key.len(), data, size, &mut cas) });
    value.ok().map(|value| (value, cas))
}

/// Sets shared data if nobody was faster. `cas` 0 always sets; `u32::MAX` sets only a key that does not exist.
pub fn set_shared(key: &str, value: &[u8], cas: u32) -> Result<()> {
    // SAFETY: the host reads the slices during the call.
    done(unsafe { abi::proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), cas) })
}

/// Defines a metric and gives its id.
pub fn define_metric(kind: Kind, name: &str) -> Result<u32> {
    let kind = match kind {
        Kind::Counter => 0,
        Kind::Gauge => 1,
        Kind::Histogram => 2,
    };
    let mut id = 0;
    // SAFETY: the host reads the slice and writes one u32.
    done(unsafe { abi::proxy_define_metric(kind, name.as_ptr(), name.len(), &mut id) })?;
    Ok(id)
}

/// Adds to a counter or gauge.
pub fn increment_metric(id: u32, by: i64) -> Result<()> {
    // SAFETY: numbers only.
    done(unsafe { abi::proxy_increment_metric(id, by) })
}

/// Sets a gauge, or adds an observation to a histogram.
pub fn record_metric(id: u32, value: u64) -> Result<()> {
    // SAFETY: numbers only.
    done(unsafe { abi::proxy_record_metric(id, value) })
}

/// Answers the request here. `headers` is in the host's form; `details` is Envoy's `%RESPONSE_CODE_DETAILS%`.
pub fn respond(status: u16, details: &str, headers: &[u8], body: &[u8]) -> Result<()> {
    // SAFETY: the host reads the slices during the call.
    done(unsafe {
        abi::proxy_send_local_response(
            u32::from(status),
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            -1,
        )
    })
}

/// Begins a GET of our own through a cluster, for the current context; its answer comes with the number that this gives.
///
/// This one call is the SDK's, because its dispatcher must know the number. It panics on a status other than 0, 2 and 10,
/// and Envoy gives no other.
pub fn get(cluster: &str, headers: &[(&str, &str)], timeout: Duration) -> Result<u32> {
    let headers = [(":method", "GET"), (":scheme", "http")].iter().chain(headers).copied().collect();
    proxy_wasm::hostcalls::dispatch_http_call(cluster, headers, None, Vec::new(), timeout)
        .map_err(|status| Status(status as u32))
}

/// Begins a gRPC call of our own to a cluster, for the current context; its answer comes with the number that this gives.
///
/// The SDK's for the reason of [`get`]; Envoy gives 0, 4 and 10. Envoy takes the name of a cluster too, but one that
/// happens to be a serialized message it would take for that.
pub fn grpc_call(cluster: &str, service: &str, method: &str, message: &[u8], timeout: Duration) -> Result<u32> {
    // A serialized `envoy.config.core.v3.GrpcService { envoy_grpc = 1 { cluster_name = 1 } }`.
    let (mut envoy_grpc, mut upstream) = (Vec::new(), Vec::new());
    put_bytes(&mut envoy_grpc, 1, cluster.as_bytes());
    put_bytes(&mut upstream, 1, &envoy_grpc);
    let upstream = String::from_utf8(upstream).map_err(|_| Status(2))?;
    proxy_wasm::hostcalls::dispatch_grpc_call(&upstream, service, method, Vec::new(), Some(message), timeout)
        .map_err(|status| Status(status as u32))
}

/// Makes Envoy choose the route, and with it the cluster, anew.
pub fn clear_route_cache() -> Result<()> {
    foreign("clear_route_cache", &[])
}

/// Sets one of Envoy's own filter state objects, of a kind that a text can make.
pub fn set_filter_state(key: &str, value: &str) -> Result<()> {
    // A protobuf message: path = 1, value = 2; texts are shorter than 128 bytes.
    let mut message = Vec::with_capacity(key.len().saturating_add(value.len()).saturating_add(4));
    for (tag, text) in [(0x0a, key), (0x12, value)] {
        let length = u8::try_from(text.len()).ok().filter(|length| *length < 128).ok_or(Status(2))?;
        message.extend([tag, length]);
        message.extend(text.as_bytes());
    }
    foreign("set_envoy_filter_state", &message)
}

fn foreign(name: &str, arguments: &[u8]) -> Result<()> {
    // SAFETY: the host reads the slices during the call; `taken` says what it does with the pointers.
    let call = |data, size| unsafe {
        abi::proxy_call_foreign_function(name.as_ptr(), name.len(), arguments.as_ptr(), arguments.len(), data, size)
    };
    taken(call).map(drop)
}

//! The upstream role: once per attempt. The callbacks of Envoy, led to the attempt's state in [`Held`].

use super::held::Held;
use super::{health, wait};
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use std::cell::RefCell;
use std::rc::Rc;

/// One attempt.
pub struct Upstream {
    id: u32,
    held: Rc<RefCell<Held>>,
}

impl Upstream {
    /// An attempt that has just begun.
    pub fn new(id: u32) -> Upstream {
        Upstream { id, held: Rc::default() }
    }

    /// After a part of an answer: what it means for others shows at once, not when a long stream ends.
    fn answered(&self, (action, until): (Action, Option<u64>)) -> Action {
        until.into_iter().for_each(|until| wait::wait(self.id, until, &self.held));
        health::show();
        action
    }
}

impl Context for Upstream {
    fn on_done(&mut self) -> bool {
        self.held.borrow_mut().end();
        health::show();
        true
    }
}

impl HttpContext for Upstream {
    fn on_http_request_headers(&mut self, _: usize, end: bool) -> Action {
        self.held.borrow_mut().begin(end)
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        self.held.borrow_mut().send(size, end)
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        self.held.borrow_mut().send(0, true)
    }

    fn on_http_response_headers(&mut self, _: usize, end: bool) -> Action {
        let opened = self.held.borrow_mut().open(end);
        self.answered(opened)
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Action {
        let passed = self.held.borrow_mut().body(size, end);
        self.answered(passed)
    }

    fn on_http_response_trailers(&mut self, _: usize) -> Action {
        // Trailers end a body whose callback never saw the end. What is held is still in the buffer; what has passed is not.
        let size = self.held.borrow().held_size();
        let passed = self.held.borrow_mut().body(size, true);
        self.answered(passed)
    }
}

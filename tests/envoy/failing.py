"""Errors in the words of each provider: as a whole answer, and inside of a stream."""

import json

from mock import Behaviour, answer
from speaking import event, frame, stream

API = {"vertex": "google", "vertex-anthropic": "anthropic"}  # who speaks as whom


def failing(name: str, status: int, kind: str, message: str, headers: dict | None = None, **more) -> Behaviour:
    """`kind`: the provider's word for it; `more` stands in Google's error."""
    headers = dict(headers or {})
    match API.get(name, name):
        case "anthropic":
            body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}
        case "google":
            body = {"error": {"code": status, "message": message, "status": kind} | more}
        case "bedrock":
            body, headers = {"message": message}, headers | {"x-amzn-errortype": f"{kind}:http://internal.amazon.com/"}
        case "cohere":
            body = {"id": "e1", "message": message}
        case "openai":
            body = {"error": {"message": message, "type": kind, "param": None, "code": None}}
    return answer(status, body, headers)


def error_event(name: str, kind: str, message: str) -> str | bytes:
    """What a provider writes into a stream that has gone wrong."""
    match API.get(name, name):
        case "anthropic":
            return event("error", error={"type": kind, "message": message})
        case "google":
            return "data: " + json.dumps({"error": {"code": 503, "message": message, "status": kind}}) + "\n\n"
        case "bedrock":
            return frame(kind, {"message": message}, kind="exception")
        case "cohere":
            return event("message-end", delta={"finish_reason": "ERROR", "error": message})
    raise ValueError(name)


def said_at_once(name: str, kind: str, message: str) -> Behaviour:
    """A 200 whose first event is an error."""
    headers = {"content-type": "application/vnd.amazon.eventstream"} if name == "bedrock" else {"content-type": "text/event-stream"}
    return stream([error_event(name, kind, message)], headers)


RETRY_INFO = {"details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.07s"}]}
BAD_KEY = {"details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]}

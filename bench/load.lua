-- For wrk: a chat request of 1 KB with a client key; `stream` as the script's argument asks for a stream.
local function body(stream)
  local prompt = string.rep("Tell me something about proxies. ", 27)
  return '{"model": "bench/chat", "stream": ' .. tostring(stream) .. ', "messages": [{"role": "user", "content": "' .. prompt .. '"}]}'
end

function init(args)
  wrk.method = "POST"
  wrk.path = "/v1/chat/completions"
  wrk.headers["content-type"] = "application/json"
  wrk.headers["authorization"] = "Bearer sk-bench-client"
  wrk.body = body(args[1] == "stream")
end

-- One line for run.py instead of wrk's table; microseconds.
function done(summary, latency)
  local errors = summary.errors
  local bad = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  print(string.format("RESULT %d %d %d %d %d", summary.requests, summary.duration, bad, latency:percentile(50), latency:percentile(99)))
end

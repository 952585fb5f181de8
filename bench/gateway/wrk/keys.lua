-- Each request with the next key. BENCH_KEYS: a file of keys; BENCH_PATH: the path; BENCH_BODY: bytes to send, none by default.
local requests, at = {}, 0

function init(args)
  local size = tonumber(os.getenv("BENCH_BODY") or "0")
  local body = size > 0 and string.rep("x", size) or nil
  local most = size > 100000 and 4 or 1000000
  for key in io.lines(os.getenv("BENCH_KEYS")) do
    if #requests == most then break end
    requests[#requests + 1] = wrk.format(body and "POST" or "GET", os.getenv("BENCH_PATH"), { ["X-Api-Key"] = key }, body)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('\nJSON {"requests":%d,"seconds":%.6f,"bytes":%d,"p50":%d,"p99":%d,"p999":%d,"max":%d,"failed":%d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50), latency:percentile(99), latency:percentile(99.9), latency.max,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end

-- Key check, two windowed counters and a usage queue, as small as they can be in Lua.
local keys, counters = ngx.shared.keys, ngx.shared.counters
local per_second, per_month, month = 1000000, 1000000000, 2592000
local queue, length = {}, 0
local gateway = {}

function gateway.load(path)
  local number = 0
  for key in io.lines(path) do
    number = number + 1
    keys:set(key, "sub_" .. number)
  end
end

local function write(premature, path)
  if length > 0 then
    local batch = table.concat(queue, "\n", 1, length)
    length = 0
    local file = io.open(path, "a")
    file:write(batch, "\n")
    file:close()
  end
end

function gateway.start(path)
  ngx.timer.every(1, write, path)
end

function gateway.admit()
  local key = ngx.var.http_x_api_key
  local subscription = key and keys:get(key)
  if not subscription then return ngx.exit(401) end
  local now = ngx.time()
  local used = counters:incr(subscription .. ":s:" .. now, 1, 0, 2)
  local used_month = counters:incr(subscription .. ":m:" .. math.floor(now / month), 1, 0, month)
  if used > per_second or used_month > per_month then return ngx.exit(429) end
  ngx.ctx.subscription = subscription
  ngx.req.clear_header("x-api-key")
  ngx.header["X-RateLimit-Remaining"] = per_second - used
end

function gateway.log()
  local var = ngx.var
  length = length + 1
  queue[length] = table.concat({ var.msec, var.request_id, ngx.ctx.subscription or "-", var.request_method, var.uri, var.status,
    var.request_length, var.bytes_sent, var.request_time, var.upstream_header_time or "-", var.remote_addr }, " ")
end

return gateway

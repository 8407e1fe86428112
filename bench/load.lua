-- Load for wrk: client_credentials, or refresh with rotation (each answer's refresh token is used for a later request).
-- Set by bench/idp.py through the environment: BENCH_GRANT, BENCH_AUTH, BENCH_SEEDS (comma-separated).
local grant = os.getenv("BENCH_GRANT")
local headers = {
  ["Authorization"] = "Basic " .. os.getenv("BENCH_AUTH"),
  ["Content-Type"] = "application/x-www-form-urlencoded",
}
local tokens, first, last = {}, 1, 0

function init()
  for token in string.gmatch(os.getenv("BENCH_SEEDS") or "", "[^,]+") do
    last = last + 1
    tokens[last] = token
  end
end

function request()
  if grant == "client_credentials" then
    return wrk.format("POST", "/token", headers, "grant_type=client_credentials&scope=licence%3Aread")
  end
  local token = tokens[first]
  tokens[first] = nil
  first = first + 1
  return wrk.format("POST", "/token", headers, "grant_type=refresh_token&refresh_token=" .. token)
end

function response(status, _, body)
  if grant == "refresh_token" and status == 200 then
    last = last + 1
    tokens[last] = string.match(body, '"refresh_token":%s*"([^"]+)"')
  end
end

function done(summary, latency)
  io.write(string.format("RESULT requests=%d micros=%d p99=%d bad=%d\n", summary.requests, summary.duration,
    latency:percentile(99), summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end

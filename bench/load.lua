-- Load for wrk. Set by bench/idp.py through the environment: BENCH_KIND, BENCH_PATH, BENCH_AUTH (of the client),
-- BENCH_TOKEN (an access token), BENCH_SEEDS (refresh tokens, comma-separated; each answer's token is used for a later
-- request).
local kind, path = os.getenv("BENCH_KIND"), os.getenv("BENCH_PATH")
local token = os.getenv("BENCH_TOKEN")
local form = {
  ["Authorization"] = "Basic " .. os.getenv("BENCH_AUTH"),
  ["Content-Type"] = "application/x-www-form-urlencoded",
}
local fixed
local tokens, first, last = {}, 1, 0

function init()
  if kind == "client_credentials" then
    fixed = wrk.format("POST", path, form, "grant_type=client_credentials&scope=licence%3Aread")
  elseif kind == "introspection" then
    fixed = wrk.format("POST", path, form, "token=" .. token)
  elseif kind == "userinfo" then
    fixed = wrk.format("GET", path, { ["Authorization"] = "Bearer " .. token })
  elseif kind == "get" then
    fixed = wrk.format("GET", path, {})
  end
  for seed in string.gmatch(os.getenv("BENCH_SEEDS") or "", "[^,]+") do
    last = last + 1
    tokens[last] = seed
  end
end

function request()
  if fixed then
    return fixed
  end
  local refresh = tokens[first]
  tokens[first] = nil
  first = first + 1
  return wrk.format("POST", path, form, "grant_type=refresh_token&refresh_token=" .. refresh)
end

if kind == "refresh_token" then
  function response(status, _, body)
    if status == 200 then
      last = last + 1
      tokens[last] = string.match(body, '"refresh_token":%s*"([^"]+)"')
    end
  end
end

function done(summary, latency)
  io.write(string.format("RESULT requests=%d micros=%d p99=%d bad=%d\n", summary.requests, summary.duration,
    latency:percentile(99), summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end

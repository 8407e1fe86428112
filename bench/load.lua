-- Load for wrk, one thread, set by bench/idp_load.py through the environment: BENCH_KIND, BENCH_PATH, BENCH_AUTH (of the
-- client), BENCH_TOKEN (an access token), BENCH_COOKIE, BENCH_CALLBACK, BENCH_VERIFIER, BENCH_SPEND (a file of one-time
-- values, one a line, each sent once), BENCH_KEEP (a file for the one-time values that the answers bring).
-- Every answer is checked: its status by wrk, and what it must bring here. The clock is read here, because wrk counts the
-- time after the last one-time value too.
local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long nanos; } moment;
  int clock_gettime(int clock, moment *at);
]]
local kind, path = os.getenv("BENCH_KIND"), os.getenv("BENCH_PATH")
local urlencoded = "application/x-www-form-urlencoded"
local form = { ["Content-Type"] = urlencoded }
local authorized = { ["Authorization"] = "Basic " .. (os.getenv("BENCH_AUTH") or ""), ["Content-Type"] = urlencoded }
local assertion_type = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
local fixed, keep, stopped
local values, first, last = {}, 1, 0 -- one-time values that are still to be spent
local at = ffi.new("moment")
begun, ended, answers, wrong, example = 0, 0, 0, 0, "" -- global: read in done()

local function now()
  ffi.C.clock_gettime(1, at)
  return tonumber(at.seconds) * 1e6 + tonumber(at.nanos) / 1e3
end

local function escaped(text)
  return (string.gsub(text, "[^%w%-%._~]", function(c) return string.format("%%%02X", string.byte(c)) end))
end

local always = { -- the same request each time
  client_credentials = function()
    return wrk.format("POST", path, authorized, "grant_type=client_credentials&scope=licence%3Aread")
  end,
  introspection = function() return wrk.format("POST", path, authorized, "token=" .. os.getenv("BENCH_TOKEN")) end,
  userinfo = function() return wrk.format("GET", path, { ["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN") }) end,
  authorize = function() return wrk.format("GET", path, { ["Cookie"] = os.getenv("BENCH_COOKIE") }) end,
  get = function() return wrk.format("GET", path, {}) end,
}

local spending = { -- what a one-time value is sent in
  code = function(code)
    return wrk.format("POST", path, authorized, "grant_type=authorization_code&code=" .. code .. "&redirect_uri="
      .. escaped(os.getenv("BENCH_CALLBACK")) .. "&code_verifier=" .. os.getenv("BENCH_VERIFIER"))
  end,
  refresh = function(token)
    return wrk.format("POST", path, authorized, "grant_type=refresh_token&refresh_token=" .. token)
  end,
  private_key_jwt = function(assertion)
    return wrk.format("POST", path, form, "grant_type=client_credentials&scope=licence%3Aread&client_assertion_type="
      .. assertion_type .. "&client_assertion=" .. assertion)
  end,
}

local function refresh_token(_, body) return string.match(body, '"refresh_token":%s*"([^"]+)"') end
local function access_token(_, body) return string.match(body, '"access_token":%s*"([^"]+)"') end

local bringing = { -- what an answer must bring
  authorize = function(headers)
    return string.match(headers["Location"] or headers["location"] or "", "[?&]code=([^&]+)")
  end,
  code = refresh_token,
  refresh = refresh_token,
  private_key_jwt = access_token,
  client_credentials = access_token,
  introspection = function(_, body) return string.match(body, '"active":%s*true') end,
  userinfo = function(_, body) return string.match(body, '"sub":%s*"([^"]+)"') end,
}

function init()
  if always[kind] then fixed = always[kind]() end
  local spend = os.getenv("BENCH_SPEND") or ""
  if spend ~= "" then
    for value in io.lines(spend) do
      last = last + 1
      values[last] = value
    end
  end
  if (os.getenv("BENCH_KEEP") or "") ~= "" then keep = io.open(os.getenv("BENCH_KEEP"), "w") end
end

function request()
  if begun == 0 then begun = now() end
  if fixed then return fixed end
  local value = values[first]
  if value == nil then -- none is left; wrk wants something to send, and the answer is not looked at
    stopped = true
    wrk.thread:stop()
    return wrk.format("GET", "/jwks", {})
  end
  values[first] = nil
  first = first + 1
  return spending[kind](value)
end

if bringing[kind] then
  function response(status, headers, body)
    if stopped then return end
    answers = answers + 1
    ended = now()
    local brought = status < 400 and bringing[kind](headers, body)
    if not brought then
      wrong = wrong + 1
      example = status .. " " .. string.sub(body, 1, 300)
      return
    end
    if keep then keep:write(brought, "\n") end
    if kind == "refresh" then -- the next of its chain
      last = last + 1
      values[last] = brought
    end
  end
end

function setup(thread)
  only = thread
end

function done(summary, latency)
  local errors = summary.errors
  local requests, micros = only:get("answers"), only:get("ended") - only:get("begun")
  if requests == 0 then requests, micros = summary.requests, summary.duration end -- a kind that brings nothing
  local bad = errors.connect + errors.read + errors.timeout + only:get("wrong")
  if kind == "get" then bad = bad + errors.status end
  io.write(string.format("RESULT requests=%d micros=%d p99=%d bad=%d %s\n", requests, micros, latency:percentile(99),
    bad, only:get("example")))
end

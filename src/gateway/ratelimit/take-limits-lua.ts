import {
  GCRA_METER_LUA,
  LEASE_METER_LUA,
  LOG_METER_LUA,
  METER_BASE_LUA,
  WINDOW_METER_LUA,
} from './meters/meters-lua.ts'

const PREAMBLE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local at_instant = tonumber(ARGV[1])
if at_instant == 0 then
  at_instant = now
end
local token = ARGV[2]
`

const BODY = `
local meters = {}
local allowed = true
for index = 1, #KEYS do
  local first = index * 6 - 3
  local meter = {
    key = KEYS[index],
    kind = kinds[tonumber(ARGV[first])],
    cost = tonumber(ARGV[first + 1]),
    limit = tonumber(ARGV[first + 2]),
    ms = tonumber(ARGV[first + 3]),
    extra = tonumber(ARGV[first + 4])
  }
  meter.retry = meter.kind.open(meter, redis.call('GET', meter.key))
  if meter.retry > 0 and ARGV[first + 5] ~= '1' then
    allowed = false
  end
  meters[index] = meter
end
local reply = { now }
for index, meter in ipairs(meters) do
  if allowed and meter.retry == 0 then
    meter.kind.charge(meter)
  end
  local remaining, reset = meter.kind.tell(meter)
  reply[index * 3 - 1] = remaining
  reply[index * 3] = reset
  reply[index * 3 + 1] = meter.retry
end
return reply
`

/** The other body of TakeLimits, for a Redis server. Same layouts, same steps, same order of writes. */
export const TAKE_LIMITS_LUA = [
  PREAMBLE,
  METER_BASE_LUA,
  WINDOW_METER_LUA,
  LOG_METER_LUA,
  GCRA_METER_LUA,
  LEASE_METER_LUA,
  BODY,
].join('')

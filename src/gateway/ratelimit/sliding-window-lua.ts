/** The other body of SlidingWindow, for a Redis server. Same layout, same steps, same order of writes. */
export const SLIDING_WINDOW_LUA = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local cost = tonumber(ARGV[1])

local function read(bytes, offset, width)
  local number = 0
  for at = offset + 1, offset + width do
    number = number * 256 + string.byte(bytes, at)
  end
  return number
end

local function encode(number, width)
  local bytes = {}
  for at = width, 1, -1 do
    bytes[at] = string.char(number % 256)
    number = math.floor(number / 256)
  end
  return table.concat(bytes)
end

local function zeros(count)
  return string.rep(string.char(0), count)
end

local function past(window, slot)
  return read(window.bytes, 14 + slot % window.slots * window.width, window.width)
end

local function end_of(window, slot)
  return math.ceil((slot + window.slots + 1) * window.ms / window.slots)
end

local function open(index)
  local window = {
    key = KEYS[index],
    limit = tonumber(ARGV[index * 3 - 1]),
    ms = tonumber(ARGV[index * 3]),
    slots = tonumber(ARGV[index * 3 + 1]),
    total = 0,
    count = 0
  }
  window.width = window.limit > 65535 and 4 or 2
  window.length = 14 + window.slots * window.width
  local slot = math.floor(now * window.slots / window.ms)
  local bytes = redis.call('GET', window.key)
  window.fresh = true
  window.stored = slot
  window.slot = slot
  if not bytes or #bytes ~= window.length then
    return window
  end
  local stored = read(bytes, 0, 6)
  if math.abs(slot - stored) > window.slots then
    return window
  end
  window.fresh = false
  window.bytes = bytes
  window.stored = stored
  window.stored_count = read(bytes, 10, 4)
  window.total = read(bytes, 6, 4)
  if slot > stored then
    for left = stored - window.slots, slot - window.slots - 1 do
      window.total = window.total - past(window, left)
    end
  else
    window.slot = stored
    window.count = window.stored_count
  end
  return window
end

local function retry_of(window)
  local missing = window.total + cost - window.limit
  if missing <= 0 or cost <= 0 then
    return 0
  end
  if window.fresh then
    return window.ms
  end
  for slot = window.slot - window.slots, window.stored do
    missing = missing - (slot == window.stored and window.stored_count or past(window, slot))
    if missing <= 0 then
      return math.max(end_of(window, slot) - now, 1)
    end
  end
  return window.ms
end

local function end_slot(window)
  local first = window.stored % window.slots
  local passed = window.slot - window.stored
  local until_end = math.min(passed, window.slots - first)
  local ended = encode(window.stored_count, window.width) .. zeros((passed - 1) * window.width)
  local cut = until_end * window.width
  redis.call('SETRANGE', window.key, 14 + first * window.width, string.sub(ended, 1, cut))
  if until_end < passed then
    redis.call('SETRANGE', window.key, 14, string.sub(ended, cut + 1))
  end
end

local function charge(window)
  local change = math.max(cost, -window.count)
  if change == 0 then
    return
  end
  window.count = window.count + change
  window.total = window.total + change
  local ttl = window.ms + math.ceil(window.ms / window.slots)
  if not window.fresh and window.slot > window.stored then
    end_slot(window)
    redis.call('PEXPIRE', window.key, ttl)
  end
  window.stored = window.slot
  local start = encode(window.slot, 6) .. encode(window.total, 4) .. encode(window.count, 4)
  if window.fresh then
    redis.call('SET', window.key, start .. zeros(window.length - 14), 'PX', ttl)
  else
    redis.call('SETRANGE', window.key, 0, start)
  end
end

local windows = {}
local allowed = true
for index = 1, #KEYS do
  local window = open(index)
  window.retry = retry_of(window)
  allowed = allowed and window.retry == 0
  windows[index] = window
end
local reply = {}
for index, window in ipairs(windows) do
  if allowed then
    charge(window)
  end
  local reset = 0
  if window.total ~= 0 then
    reset = end_of(window, window.stored) - now
  end
  reply[index * 3 - 2] = window.limit - window.total
  reply[index * 3 - 1] = reset
  reply[index * 3] = window.retry
end
return reply
`

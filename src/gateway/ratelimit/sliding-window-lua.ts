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

local function write(key, offset, number, width)
  local bytes = {}
  for at = width, 1, -1 do
    bytes[at] = string.char(number % 256)
    number = math.floor(number / 256)
  end
  redis.call('SETRANGE', key, offset, table.concat(bytes))
end

local function offset_of(window, slot)
  return 10 + slot % (window.slots + 1) * window.width
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
  window.length = 10 + (window.slots + 1) * window.width
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
  window.slot = math.max(slot, stored)
  window.total = read(bytes, 6, 4)
  for passed = stored + 1, slot do
    window.total = window.total - read(bytes, offset_of(window, passed), window.width)
  end
  if window.slot == stored then
    window.count = read(bytes, offset_of(window, stored), window.width)
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
  for oldest = window.slot - window.slots, window.stored do
    missing = missing - read(window.bytes, offset_of(window, oldest), window.width)
    if missing <= 0 then
      return math.max(end_of(window, oldest) - now, 1)
    end
  end
  return window.ms
end

local function charge(window)
  local change = math.max(cost, -window.count)
  if change == 0 then
    return
  end
  window.count = window.count + change
  window.total = window.total + change
  local ttl = window.ms + math.ceil(window.ms / window.slots)
  if window.fresh then
    redis.call('SET', window.key, string.rep(string.char(0), window.length), 'PX', ttl)
  elseif window.slot > window.stored then
    local first = window.stored + 1
    while first < window.slot do
      local offset = offset_of(window, first)
      local length = math.min((window.slot - first) * window.width, window.length - offset)
      redis.call('SETRANGE', window.key, offset, string.rep(string.char(0), length))
      first = first + length / window.width
    end
    redis.call('PEXPIRE', window.key, ttl)
  end
  window.stored = window.slot
  write(window.key, 0, window.slot, 6)
  write(window.key, 6, window.total, 4)
  write(window.key, offset_of(window, window.slot), window.count, window.width)
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

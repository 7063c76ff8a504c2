/**
 * The meters for a Redis server, one Lua table each: `open` reads a key and tells how long until the cost fits,
 * `charge` writes, `tell` says what remains and when all is free. Same layouts and steps as in TypeScript.
 */

/** What they share. */
export const METER_BASE_LUA = `
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

-- Keeps the entries or deletes the key; the last entry ends last.
local function keep(meter)
  local last = meter.entries[#meter.entries]
  if not last then
    redis.call('DEL', meter.key)
    return
  end
  local bytes = {}
  for index, entry in ipairs(meter.entries) do
    bytes[index] = meter.encode(entry)
  end
  redis.call('SET', meter.key, table.concat(bytes), 'PX', last.ends - now)
end

local kinds = {}
`

export const WINDOW_METER_LUA = `
local function past(meter, slot)
  return read(meter.bytes, meter.past_at + slot % meter.slots * meter.width, meter.width)
end

local function end_of(meter, slot)
  return math.ceil((slot + meter.slots + 1) * meter.ms / meter.slots)
end

local function start_of(meter, total, count)
  return encode(meter.stored, 6) .. encode(total, meter.width) .. encode(count, meter.width)
end

local function retry_of(meter)
  local missing = meter.total + meter.cost - meter.limit
  if missing <= 0 or meter.cost <= 0 then
    return 0
  end
  if meter.fresh then
    return meter.ms
  end
  for slot = meter.slot - meter.slots, meter.stored do
    missing = missing - (slot == meter.stored and meter.stored_count or past(meter, slot))
    if missing <= 0 then
      return math.max(end_of(meter, slot) - now, 1)
    end
  end
  return meter.ms
end

-- Files the count of the slot that ended and empties those that passed since.
local function end_slot(meter)
  local first = meter.stored % meter.slots
  local passed = meter.slot - meter.stored
  local until_end = math.min(passed, meter.slots - first)
  local ended = encode(meter.stored_count, meter.width) .. zeros((passed - 1) * meter.width)
  local cut = until_end * meter.width
  redis.call('SETRANGE', meter.key, meter.past_at + first * meter.width, string.sub(ended, 1, cut))
  if until_end < passed then
    redis.call('SETRANGE', meter.key, meter.past_at, string.sub(ended, cut + 1))
  end
end

-- What is given back goes to the slot that it was taken from, and only what that still holds.
local function give_back(meter)
  local slot = math.min(math.floor(at_instant * meter.slots / meter.ms), meter.slot)
  if meter.fresh or slot < meter.slot - meter.slots or slot > meter.stored then
    return
  end
  local held = slot == meter.stored and meter.stored_count or past(meter, slot)
  local back = math.min(-meter.cost, held)
  if back == 0 then
    return
  end
  local total = meter.stored_total - back
  meter.total = meter.total - back
  if slot == meter.stored then
    redis.call('SETRANGE', meter.key, 0, start_of(meter, total, held - back))
    return
  end
  redis.call('SETRANGE', meter.key, 0, start_of(meter, total, meter.stored_count))
  local place = meter.past_at + slot % meter.slots * meter.width
  redis.call('SETRANGE', meter.key, place, encode(held - back, meter.width))
end

local function take(meter)
  meter.count = meter.count + meter.cost
  meter.total = meter.total + meter.cost
  local ttl = meter.ms + math.ceil(meter.ms / meter.slots)
  if not meter.fresh and meter.slot > meter.stored then
    end_slot(meter)
    redis.call('PEXPIRE', meter.key, ttl)
  end
  meter.stored = meter.slot
  local start = start_of(meter, meter.total, meter.count)
  if meter.fresh then
    redis.call('SET', meter.key, start .. zeros(meter.slots * meter.width), 'PX', ttl)
  else
    redis.call('SETRANGE', meter.key, 0, start)
  end
end

kinds[0] = {
  open = function(meter, bytes)
    meter.slots = meter.extra
    meter.width = meter.limit > 65535 and 4 or 2
    meter.past_at = 6 + 2 * meter.width
    meter.total = 0
    meter.count = 0
    meter.stored_count = 0
    meter.fresh = true
    local slot = math.floor(now * meter.slots / meter.ms)
    meter.stored = slot
    meter.slot = slot
    if bytes and #bytes == meter.past_at + meter.slots * meter.width then
      local stored = read(bytes, 0, 6)
      if math.abs(slot - stored) <= meter.slots then
        meter.fresh = false
        meter.bytes = bytes
        meter.stored = stored
        meter.stored_total = read(bytes, 6, meter.width)
        meter.stored_count = read(bytes, 6 + meter.width, meter.width)
        meter.total = meter.stored_total
        if slot > stored then
          for left = stored - meter.slots, slot - meter.slots - 1 do
            meter.total = meter.total - past(meter, left)
          end
        else
          meter.slot = stored
          meter.count = meter.stored_count
        end
      end
    end
    return retry_of(meter)
  end,
  charge = function(meter)
    if meter.cost < 0 then
      give_back(meter)
    elseif meter.cost > 0 then
      take(meter)
    end
  end,
  tell = function(meter)
    local reset = meter.total == 0 and 0 or end_of(meter, meter.stored) - now
    return meter.limit - meter.total, reset
  end
}
`

export const LOG_METER_LUA = `
kinds[1] = {
  open = function(meter, bytes)
    meter.entries = {}
    meter.total = 0
    meter.encode = function(entry)
      return encode(entry.ms, 6) .. encode(entry.cost, 4)
    end
    if bytes and #bytes % 10 == 0 and #bytes <= 10000 then
      for offset = 0, #bytes - 10, 10 do
        local ms = read(bytes, offset, 6)
        if math.abs(now - ms) <= meter.ms then
          local entry = { ms = ms, cost = read(bytes, offset + 6, 4), ends = ms + meter.ms + 1 }
          meter.entries[#meter.entries + 1] = entry
          meter.total = meter.total + entry.cost
        end
      end
    end
    local missing = meter.total + meter.cost - meter.limit
    if missing <= 0 or meter.cost <= 0 then
      return 0
    end
    for _, entry in ipairs(meter.entries) do
      missing = missing - entry.cost
      if missing <= 0 then
        return math.max(entry.ends - now, 1)
      end
    end
    return meter.ms
  end,
  charge = function(meter)
    if meter.cost > 0 then
      local last = meter.entries[#meter.entries]
      meter.total = meter.total + meter.cost
      if last and last.ms >= now then
        last.cost = last.cost + meter.cost
      else
        meter.entries[#meter.entries + 1] = { ms = now, cost = meter.cost, ends = now + meter.ms + 1 }
      end
      keep(meter)
    elseif meter.cost < 0 then
      for index, entry in ipairs(meter.entries) do
        if entry.ms == at_instant then
          local back = math.min(-meter.cost, entry.cost)
          meter.total = meter.total - back
          entry.cost = entry.cost - back
          if entry.cost == 0 then
            table.remove(meter.entries, index)
          end
          keep(meter)
          return
        end
      end
    end
  end,
  tell = function(meter)
    local last = meter.entries[#meter.entries]
    return meter.limit - meter.total, last and last.ends - now or 0
  end
}
`

export const GCRA_METER_LUA = `
local function span(meter, units)
  return math.ceil(units * meter.ms * 1000 / meter.limit)
end

kinds[2] = {
  open = function(meter, bytes)
    meter.us = now * 1000
    meter.tolerance = span(meter, meter.extra)
    meter.arrival = meter.us
    meter.stored = false
    if bytes and #bytes == 8 then
      local arrival = read(bytes, 0, 8)
      local ahead = arrival - meter.us
      if ahead > 0 and ahead <= meter.tolerance + meter.ms * 1000 then
        meter.stored = true
        meter.arrival = arrival
      end
    end
    local excess = meter.arrival + span(meter, meter.cost) - meter.tolerance - meter.us
    if meter.cost <= 0 or excess <= 0 then
      return 0
    end
    return math.ceil(excess / 1000)
  end,
  charge = function(meter)
    if meter.cost == 0 or (meter.cost < 0 and not meter.stored) then
      return
    end
    local cost = meter.cost < 0 and -span(meter, -meter.cost) or span(meter, meter.cost)
    meter.arrival = math.max(meter.arrival + cost, meter.us)
    local ahead = meter.arrival - meter.us
    if ahead == 0 then
      redis.call('DEL', meter.key)
    else
      redis.call('SET', meter.key, encode(meter.arrival, 8), 'PX', math.ceil(ahead / 1000))
    end
  end,
  tell = function(meter)
    local used = meter.arrival - meter.us
    local free = meter.tolerance - used
    return math.floor(free * meter.limit / (meter.ms * 1000)), math.ceil(used / 1000)
  end
}
`

export const LEASE_METER_LUA = `
kinds[3] = {
  open = function(meter, bytes)
    meter.entries = {}
    meter.encode = function(entry)
      return entry.token .. encode(entry.ends, 6)
    end
    if bytes and #bytes % 14 == 0 and #bytes <= 14000 then
      for offset = 0, #bytes - 14, 14 do
        local ends = read(bytes, offset + 8, 6)
        if ends > now and ends - now <= 2 * meter.ms then
          local entry = { token = string.sub(bytes, offset + 1, offset + 8), ends = ends }
          meter.entries[#meter.entries + 1] = entry
        end
      end
    end
    if meter.cost <= 0 or #meter.entries < meter.limit then
      return 0
    end
    local first = meter.entries[1]
    return first and math.max(math.min(first.ends - now, 1000), 1) or 1000
  end,
  charge = function(meter)
    if meter.cost > 0 then
      meter.entries[#meter.entries + 1] = { token = token, ends = now + meter.ms }
      keep(meter)
    elseif meter.cost < 0 then
      for index, entry in ipairs(meter.entries) do
        if entry.token == token then
          table.remove(meter.entries, index)
          keep(meter)
          return
        end
      end
    end
  end,
  tell = function(meter)
    local last = meter.entries[#meter.entries]
    return meter.limit - #meter.entries, last and last.ends - now or 0
  end
}
`

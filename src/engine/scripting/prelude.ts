/**
 * What Redis leaves of Lua's globals (script_lua.c, its allow lists), and functions that call back, in a form that
 * a script can be stopped in: Lua 5.1 cannot yield across a C function, so pcall and its like run their function
 * as a coroutine, and hand the stop on to whoever resumed them, and what sorts or replaces with a function is Lua.
 * The chunk's arguments are host functions.
 */
export const PRELUDE = `
local look, isSuspended, isScriptThread, explain = ...
local create, resume, status, pause = coroutine.create, coroutine.resume, coroutine.status, coroutine.yield
local type, error, byte, select, unpack = type, error, string.byte, select, unpack
local NO_LUA, PAUSE = 2, 3

local allowed = {}
for _, key in ipairs {
  'xpcall', 'tostring', 'setmetatable', 'next', 'assert', 'tonumber', 'rawequal', 'collectgarbage',
  'getmetatable', 'rawset', 'pcall', 'coroutine', 'type', '_G', 'select', 'unpack', 'gcinfo', 'pairs', 'rawget',
  'loadstring', 'ipairs', '_VERSION', 'load', 'error', 'string', 'math', 'table',
} do allowed[key] = true end
for key in pairs(_G) do if not allowed[key] then _G[key] = nil end end

local function settle(co, ...)
  if isSuspended() then
    pause()
    return settle(co, resume(co))
  end
  return ...
end

local function plain(err)
  if type(err) == 'table' then
    local text = err.err
    if type(text) == 'string' or type(text) == 'number' then return text end
  end
  return err
end

local function caught(co, handler, ok, ...)
  if ok and status(co) == 'suspended' then
    return false, 'attempt to yield across metamethod/C-call boundary'
  end
  if ok then return true, ... end
  return false, handler((...))
end

local function protected(co, handler, ...)
  if isSuspended() then
    pause()
    return protected(co, handler, resume(co))
  end
  return caught(co, handler, ...)
end

-- What takes functions: with one, Lua; without, or with arguments that are wrong, the C function, whose errors
-- then say how it was called (explain).
do
  local pcall, rawget, rawset, next = pcall, rawget, rawset, next
  local gsub, find, match, sub, concat = string.gsub, string.find, string.match, string.sub, table.concat
  local sort, foreach, foreachi, tonumber = table.sort, table.foreach, table.foreachi, tonumber
  local CARET = 94

  -- The same quicksort as Lua's, so that it compares the same elements in the same order. False for an order that
  -- is none.
  local function sortRange(t, less, low, high)
    local function swap(i, j)
      local x, y = rawget(t, i), rawget(t, j)
      rawset(t, i, y)
      rawset(t, j, x)
    end
    while low < high do
      if less(rawget(t, high), rawget(t, low)) then swap(low, high) end
      if high - low == 1 then return true end
      local middle = (low + high - (low + high) % 2) / 2
      if less(rawget(t, middle), rawget(t, low)) then
        swap(middle, low)
      elseif less(rawget(t, high), rawget(t, middle)) then
        swap(middle, high)
      end
      if high - low == 2 then return true end
      local pivot = rawget(t, middle)
      swap(middle, high - 1)
      local i, j = low, high - 1
      while true do
        i = i + 1
        while less(rawget(t, i), pivot) do
          if i > high then return false end
          i = i + 1
        end
        j = j - 1
        while less(pivot, rawget(t, j)) do
          if j < low then return false end
          j = j - 1
        end
        if j < i then break end
        swap(i, j)
      end
      swap(high - 1, i)
      local from, to
      if i - low < high - i then
        from, to, low = low, i - 1, i + 1
      else
        from, to, high = i + 1, high, i - 1
      end
      if not sortRange(t, less, from, to) then return false end
    end
    return true
  end

  function table.sort(...)
    local t, less = ...
    if type(t) == 'table' and type(less) == 'function' then
      if not sortRange(t, less, 1, #t) then error('invalid order function for sorting', 2) end
      return
    end
    local ok, problem = pcall(sort, ...)
    if not ok then error(explain(problem)) end
  end

  local function replacement(f, s, ok, from, to, ...)
    if not ok then return nil, from end
    if from == nil then return nil end
    if select('#', ...) > 0 then return from, to, (f(...)) end
    return from, to, (f(sub(s, from, to)))
  end

  local function isText(value)
    local kind = type(value)
    return kind == 'string' or kind == 'number'
  end

  function string.gsub(...)
    local s, pattern, f, most = ...
    if type(f) ~= 'function' or not isText(s) or not isText(pattern)
      or (most ~= nil and not (isText(most) and tonumber(most))) then
      local ok, result, count = pcall(gsub, ...)
      if not ok then error(explain(result)) end
      return result, count
    end
    s, pattern = s .. '', match(pattern, '^[^%z]*')
    most = most == nil and #s + 1 or tonumber(most) - tonumber(most) % 1
    local isAnchored = byte(pattern) == CARET
    local pieces, size, at, count = {}, 0, 1, 0
    while count < most do
      local from, to, value = replacement(f, s, pcall(find, s, pattern, at))
      if from == nil then
        if to ~= nil then error(explain(to)) end
        break
      end
      count = count + 1
      if not value then
        value = sub(s, from, to)
      elseif not isText(value) then
        error('invalid replacement value (a ' .. type(value) .. ')', 2)
      end
      pieces[size + 1] = sub(s, at, from - 1)
      pieces[size + 2] = value
      size = size + 2
      at = to + 1
      if to < from then
        if from > #s then break end
        size = size + 1
        pieces[size] = sub(s, from, from)
        at = from + 1
      end
      if isAnchored then break end
    end
    pieces[size + 1] = sub(s, at)
    return concat(pieces), count
  end

  function table.foreach(...)
    local t, f = ...
    if type(t) == 'table' and type(f) == 'function' then
      for key, value in next, t do
        local result = f(key, value)
        if result ~= nil then return result end
      end
      return
    end
    local ok, problem = pcall(foreach, ...)
    if not ok then error(explain(problem)) end
  end

  function table.foreachi(...)
    local t, f = ...
    if type(t) == 'table' and type(f) == 'function' then
      for index = 1, #t do
        local result = f(index, rawget(t, index))
        if result ~= nil then return result end
      end
      return
    end
    local ok, problem = pcall(foreachi, ...)
    if not ok then error(explain(problem)) end
  end
end

do
  local pcall, xpcall = pcall, xpcall
  local function results(ok, ...)
    if ok then return ok, ... end
    return ok, plain((...))
  end
  function _G.pcall(...)
    -- What luaRedisPcall makes of no function at all.
    if select('#', ...) == 0 then return false, 'attempt to call a boolean value' end
    local kind = look(...)
    while kind == PAUSE do
      pause()
      kind = look(...)
    end
    if kind == NO_LUA then return results(pcall(...)) end
    local f = ...
    local co = create(f)
    return protected(co, plain, resume(co, select(2, ...)))
  end
  function _G.xpcall(...)
    local kind = look(...)
    while kind == PAUSE do
      pause()
      kind = look(...)
    end
    if kind == NO_LUA then return xpcall(...) end
    local f, handler = ...
    local co = create(f)
    return protected(co, handler, resume(co))
  end
end

-- A loop around short coroutines has few instructions of its own to be counted.
local function rest()
  while look() == PAUSE do pause() end
end

function coroutine.resume(co, ...)
  rest()
  return settle(co, resume(co, ...))
end

do
  local running = coroutine.running
  function coroutine.running()
    if isScriptThread() then return nil end
    return running()
  end
end

local function pack(...)
  return { n = select('#', ...), ... }
end

function coroutine.wrap(f)
  local co = create(f)
  return function(...)
    rest()
    local results = pack(settle(co, resume(co, ...)))
    if results[1] then return unpack(results, 2, results.n) end
    error(results[2], 2)
  end
end

-- Compiled chunks could break the VM: with a space in front they are text, and wrong, as in Redis' Lua.
do
  local loadstring, load = loadstring, load
  function _G.loadstring(code, ...)
    if type(code) ~= 'string' and type(code) ~= 'number' then
      local got = select('#', code, ...) == 1 and code == nil and 'no value' or type(code)
      error("bad argument #1 to 'loadstring' (string expected, got " .. got .. ')', 2)
    end
    if type(code) == 'string' and byte(code) == 27 then code = ' ' .. code end
    local chunk, problem = loadstring(code, ...)
    return chunk, problem
  end
  function _G.load(reader, ...)
    local isFirst = true
    local function text()
      local piece = reader()
      if isFirst and type(piece) == 'string' and byte(piece) == 27 then piece = ' ' .. piece end
      isFirst = isFirst and piece == ''
      return piece
    end
    local chunk, problem = load(type(reader) == 'function' and text or reader, ...)
    return chunk, problem
  end
end
`

/**
 * What Redis leaves of Lua's globals (script_lua.c, its allow lists), and functions that call back, in a form that
 * a script can be stopped in: Lua 5.1 cannot yield across a C function, so pcall and its like run their function
 * as a coroutine, and hand the stop on to whoever resumed them. The chunk's arguments are host functions.
 */
export const PRELUDE = `
local look, isSuspended, isScriptThread = ...
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

function coroutine.resume(co, ...)
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

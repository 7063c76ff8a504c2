import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openLuaModule } from '../../../../src/engine/scripting/lua-module.ts'
import { LUA_TYPE } from '../../../../src/engine/scripting/lua-values.ts'
import { type HookAnswer, LuaVm } from '../../../../src/engine/scripting/lua-vm.ts'
import type { WasmModule } from '../../../../src/engine/scripting/webassembly.ts'

const MEMORY_BYTES_MAX = 32 * 1_024 ** 2

describe('LuaVm', () => {
  let module: WasmModule
  let vm: LuaVm
  let answer: HookAnswer

  beforeAll(() => {
    module = openLuaModule()
  })

  beforeEach(() => {
    answer = 'continue'
    vm = new LuaVm({
      module,
      memoryBytesMax: MEMORY_BYTES_MAX,
      hookInstructions: 10_000,
      onHook: () => answer,
    })
  })

  /** The script's result, or what went wrong, as text. */
  function run(code: string): string {
    const problem = vm.load(Buffer.from(code), '@test')
    if (problem !== undefined) return `compiling: ${problem}`
    vm.prepare()
    return settle(vm.resume(0))
  }

  function settle(result: string): string {
    if (result === 'suspended') return result
    if (result === 'failed') vm.dropThread()
    const slot = vm.fromTop(1)
    const text = vm.values.typeOf(slot) === LUA_TYPE.nil ? 'nil' : shown()
    vm.pop(1)
    return result === 'failed' ? `failed: ${text}` : text
  }

  function shown(): string {
    return vm.toStringInPlace(-1) ? vm.values.latin1At(vm.fromTop(1)) : 'an object'
  }

  function define(name: string, body: () => number): void {
    vm.pushFunction(body)
    vm.setGlobal(name)
  }

  it.each([
    ['return 1 + 1', '2'],
    ['return "a\\0b"', 'a\0b'],
    ['return', 'nil'],
    ['return 1, 2, 3', '1'],
    ['error("no")', 'failed: test:1: no'],
    ['return +', "compiling: test:1: unexpected symbol near '+'"],
  ])('runs %s', (code, result) => {
    expect(run(code)).toBe(result)
  })

  it('calls functions of the host with any values, and takes what they push', () => {
    define('host', () => {
      expect(vm.argumentCount).toBe(3)
      expect(vm.values.numberAt(vm.argument(1))).toBe(1.5)
      expect(vm.values.latin1At(vm.argument(2))).toBe('\xff\0')
      expect(vm.values.booleanAt(vm.argument(3))).toBe(true)
      expect(vm.argumentType(4)).toBe(LUA_TYPE.none)
      vm.pushNil()
      vm.pushNumber(-2)
      return 2
    })
    expect(run('local a, b = host(1.5, "\\255\\0", true) return tostring(a) .. b')).toBe('nil-2')
  })

  it('raises errors of the host where the script called it', () => {
    define('host', () => vm.fail('refused'))
    expect(run('\nhost()')).toBe('failed: test:2: refused')
    expect(run('return tostring(select(2, pcall(host)))')).toBe('refused')
  })

  it('tells where a script failed', () => {
    define('host', () => vm.fail('refused'))
    vm.load(Buffer.from('\n\nlocal x = host()'), '@test')
    vm.prepare()
    expect(vm.resume(0)).toBe('failed')
    expect(vm.failurePlace()).toEqual({ source: '@test', line: 3 })
  })

  it('lets errors of its own host through, past pcall', () => {
    define('host', () => {
      throw new TypeError('ours')
    })
    expect(() => run('pcall(host)')).toThrow('ours')
  })

  it('refuses more memory than it may have, and goes on', () => {
    expect(run('return string.rep("x", 64 * 1024 * 1024)')).toBe('failed: not enough memory')
    expect(run('return #string.rep("x", 1024 * 1024)')).toBe('1048576')
  })

  it('survives recursion that ends the stack of V8', () => {
    const deep = 'local s = ("a"):rep(200000) return s:match(("a?"):rep(100000) .. "b")'
    expect(run(deep)).toBe('failed: stack overflow')
    expect(run('return 7')).toBe('7')
  })

  it('ends endless recursion', () => {
    expect(run('local function f() return f() + 1 end return f()')).toBe(
      'failed: test:1: stack overflow',
    )
  })

  it('stops a script in the middle and goes on later', () => {
    answer = 'suspend'
    expect(run('local n = 0 for i = 1, 20000 do n = n + i end return n')).toBe('suspended')
    let stops = 1
    let result = vm.resume(0)
    for (; result === 'suspended'; result = vm.resume(0)) stops += 1
    expect(settle(result)).toBe('200010000')
    expect(stops).toBeGreaterThan(3)
  })

  it('does not stop within a function of C', () => {
    answer = 'suspend'
    const sorting = 'local t = {} for i = 1, 9 do t[i] = -i end'
    expect(
      run(`${sorting} return string.gsub("x", "x", function() for i = 1, 50000 do end end)`),
    ).toBe('x')
  })

  it('ends a script, even one that catches the error over and over', () => {
    answer = { killWith: 'ended' }
    expect(run('while true do pcall(function() while true do end end) end')).toBe(
      'failed: an object',
    )
  })

  it('locks tables against all that would change them', () => {
    vm.values.setLocked(vm.globals, true)
    const refused = 'Attempt to modify a readonly table'
    expect(run('x = 1')).toBe(`failed: test:1: ${refused}`)
    expect(run('_G.x = 1')).toBe(`failed: test:1: ${refused}`)
    expect(run('rawset(_G, "x", 1)')).toBe(`failed: ${refused}`)
    expect(run('table.insert(_G, 1)')).toBe(`failed: ${refused}`)
    expect(run('setmetatable(_G, {})')).toBe(`failed: ${refused}`)
    expect(run('local t = {} t.x = 1 t[1] = 2 return t.x + t[1]')).toBe('3')
    vm.values.setLocked(vm.globals, false)
    expect(run('x = 1 return x')).toBe('1')
  })

  it('takes no compiled chunk', () => {
    expect(run('\u001bLuaQ')).toBe("compiling: test:1: unexpected symbol near 'char(27)'")
  })

  it('reads tables in the order of next', () => {
    define('host', () => {
      const table = vm.values.objectAt(vm.argument(1))
      const pairs: string[] = []
      for (let at = vm.values.nextPair(table, 0); at >= 0; at = vm.values.nextPair(table, at + 1)) {
        vm.pushCopy(vm.values.keyOf(table, at))
        pairs.push(shown())
        vm.pop(1)
      }
      vm.pushLatin1(pairs.join(' '))
      return 1
    })
    const script = `local t = {"a", "b", nil, "d", x = 1, [10.5] = 2, [100] = 3}
local keys = {} for k in pairs(t) do keys[#keys + 1] = tostring(k) end
return tostring(host(t) == table.concat(keys, ' '))`
    expect(run(script)).toBe('true')
  })

  it('finds fields and elements wherever they lie', () => {
    define('host', () => {
      const table = vm.values.objectAt(vm.argument(1))
      const field = vm.values.field(table, vm.word('field'))
      const found = [1, 3, 4, 1_000].map((index) => {
        const slot = vm.values.index(table, index)
        return slot === 0 || vm.values.typeOf(slot) === LUA_TYPE.nil
          ? '-'
          : vm.values.latin1At(slot)
      })
      vm.pushLatin1([field === 0 ? '-' : vm.values.latin1At(field), ...found].join(' '))
      return 1
    })
    expect(run('return host({field = "f", [1000] = "far", "one", "two", "three"})')).toBe(
      'f one three - far',
    )
    expect(run('return host({})')).toBe('- - - - -')
    expect(run('return host({fields = "f", [3] = "three"})')).toBe('- - three - -')
  })
})

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../../../src/engine/index.ts'
import { systemClock } from '../../../../src/shared/clock.ts'
import { silentLogger } from '../../../../src/shared/logger.ts'
import { seededRandom } from '../../../../src/shared/random.ts'

type Client = ReturnType<Engine['client']>

const MEGABYTE = 1_024 ** 2

describe('scripts', () => {
  let engine: Engine
  let client: Client

  beforeEach(async () => {
    engine = new Engine({ clock: systemClock, random: seededRandom(1), log: silentLogger })
    await engine.start()
    client = engine.client()
  })

  afterEach(() => engine.stop())

  const evaluate = (script: string, ...args: readonly string[]) =>
    client.call('EVAL', script, 0, ...args)
  const error = (text: string) =>
    expect.objectContaining({ message: expect.stringContaining(text) })
  const field = (name: string) =>
    Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(engine.info('memory'))?.[1])

  it('cost nothing before the first', () => {
    expect(field('used_memory_vm_total')).toBe(0)
    evaluate('return 1')
    expect(field('used_memory_vm_eval')).toBeGreaterThan(0)
    expect(field('number_of_cached_scripts')).toBe(1)
    expect(field('used_memory_vm_functions')).toBe(0)
  })

  it('are gone after SCRIPT FLUSH, with their VM', () => {
    evaluate('return 1')
    client.call('SCRIPT', 'FLUSH')
    expect(field('used_memory_vm_total')).toBe(0)
    expect(field('number_of_cached_scripts')).toBe(0)
    expect(client.call('EVALSHA', 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db', 0)).toEqual(
      error('NOSCRIPT'),
    )
  })

  it('of two engines know nothing of each other', () => {
    const other = new Engine({ clock: systemClock, random: seededRandom(1), log: silentLogger })
    evaluate('return cjson.encode_max_depth(3)')
    client.call('SET', 'a', 'here')
    expect(other.client().call('EVAL', 'return cjson.encode_max_depth()', 0)).toBe(1_000)
    expect(other.client().call('EVAL', 'return redis.call("get", "a")', 0)).toBeNull()
  })

  it('see one instant', () => {
    const script = `local first = redis.call('time')
for i = 1, 200000 do end
local last = redis.call('time')
return first[1] == last[1] and first[2] == last[2]`
    expect(evaluate(script)).toBe(1)
  })

  it('may not write when there was no memory at their start', () => {
    client.call('SET', 'filler', Buffer.alloc(MEGABYTE))
    client.call('CONFIG', 'SET', 'maxmemory', '1')
    expect(evaluate('return redis.call("get", "x")')).toBeNull()
    expect(evaluate('return redis.call("set", "x", 1)')).toEqual(error('OOM command not allowed'))
    expect(evaluate('#!lua\nreturn 1')).toEqual(error('OOM'))
    expect(evaluate('#!lua flags=allow-oom\nreturn redis.call("set", "x", 1)')).toBe('OK')
    expect(evaluate('#!lua flags=no-writes\nreturn 1')).toBe(1)
  })

  it('fail when they want more memory than Lua may have, and the next one runs', () => {
    const script = 'local x = "x" while true do x = x .. x end'
    expect(evaluate(script)).toEqual(error('not enough memory'))
    expect(evaluate('return 1')).toBe(1)
  })

  it('cannot fill memory with modules of cjson', () => {
    const script = 'for i = 1, 999 do cjson.new() end return {pcall(cjson.new)}'
    const [isDone, text] = Object.values(evaluate(script) ?? {})
    expect(isDone).toBeNull()
    expect(String(text)).toContain('too often')
  })

  it('of the database of their caller', () => {
    client.call('SELECT', 3)
    evaluate(
      'redis.call("set", "a", "in 3") redis.call("select", 5) redis.call("set", "a", "in 5")',
    )
    expect(client.call('GET', 'a')).toEqual(Buffer.from('in 3'))
  })

  it('run in a transaction', () => {
    client.call('MULTI')
    client.call('EVAL', 'return redis.call("set", KEYS[1], ARGV[1])', 1, 'a', 'v')
    client.call('EVAL', 'return redis.call("get", KEYS[1])', 1, 'a')
    expect(client.call('EXEC')).toEqual(['OK', Buffer.from('v')])
  })

  it('are counted as failed when a command of theirs was, and the error once', () => {
    client.call('CONFIG', 'RESETSTAT')
    evaluate('redis.call("set", "s", "x") return redis.call("incr", "s")')
    expect(engine.info('errorstats')).toContain('errorstat_ERR:count=1')
    expect(engine.info('commandstats')).toMatch(/cmdstat_eval:.*failed_calls=1/)
    expect(engine.info('commandstats')).toMatch(/cmdstat_incr:.*failed_calls=1/)
  })

  describe('that take longer than busy-reply-threshold', () => {
    const busy = error('BUSY Redis is busy running a script')

    beforeEach(() => client.call('CONFIG', 'SET', 'busy-reply-threshold', '20'))

    const turn = () => new Promise((resolve) => setImmediate(resolve))

    it('let others be told so, and SCRIPT KILL end them', async () => {
      const answer = client.callAsync('EVAL', 'while true do end', 0)
      await turn()
      expect(client.call('PING')).toEqual(busy)
      expect(evaluate('return 1')).toEqual(busy)
      expect(client.call('FUNCTION', 'KILL')).toEqual(error('You can only call SCRIPT KILL'))
      expect(client.call('SCRIPT', 'KILL')).toBe('OK')
      expect(await answer).toEqual(error('Script killed by user with SCRIPT KILL'))
      expect(client.call('PING')).toBe('PONG')
    })

    it('cannot be ended once they have written', async () => {
      const script = `redis.call('set', 'a', 1)
for i = 1, 30000000 do end
redis.call('incr', 'a')
return 'done'`
      const answer = client.callAsync('EVAL', script, 0)
      await turn()
      expect(client.call('SCRIPT', 'KILL')).toEqual(error('UNKILLABLE'))
      expect(await answer).toEqual(Buffer.from('done'))
      expect(client.call('GET', 'a')).toEqual(Buffer.from('2'))
    })

    it.each([
      ['pcall', 'while true do pcall(function() while true do end end) end'],
      ['many calls of pcall', 'while true do pcall(function() redis.call("ping") end) end'],
      ['xpcall', 'while true do xpcall(function() while true do end end, function() end) end'],
      [
        'coroutines',
        'while true do coroutine.resume(coroutine.create(function() while true do end end)) end',
      ],
      ['coroutine.wrap', 'local f = coroutine.wrap(function() while true do end end) f()'],
      [
        'many coroutines',
        'while true do coroutine.wrap(function() for i = 1, 9000 do end end)() end',
      ],
      ['a comparison', 'table.sort({3, 1, 2}, function() while true do end end)'],
      ['a replacement', 'string.gsub("abc", "%w", function() while true do end end)'],
      ['table.foreach', 'table.foreach({1}, function() while true do end end)'],
      ['table.foreachi', 'table.foreachi({1}, function() while true do end end)'],
    ])('end within %s, too', async (_name, script) => {
      const answer = client.callAsync('EVAL', script, 0)
      await turn()
      expect(client.call('SCRIPT', 'KILL')).toBe('OK')
      expect(await answer).toEqual(error('Script killed by user'))
    })

    it('go on where they were: pcall and coroutines keep their values', async () => {
      const script = `local wait = function(x) for i = 1, 5000000 do end return x end
local co = coroutine.wrap(function(a) local b = coroutine.yield(wait(a)) return wait(b) end)
return {select(2, pcall(wait, 'p')), co('c'), co('d'), (select(2, pcall(function() wait() error('e', 0) end)))}`
      const letters = ['p', 'c', 'd', 'e'].map((letter) => Buffer.from(letter))
      expect(await client.callAsync('EVAL', script, 0)).toEqual(letters)
    })

    it('go on within a comparison and a replacement', async () => {
      const script = `local wait = function(x) for i = 1, 3000000 do end return x end
local t = {2, 3, 1}
table.sort(t, function(a, b) return wait(a) > b end)
return {t[1], t[2], t[3], (string.gsub('ab', '(%w)', function(c) return wait(c) .. '-' end))}`
      const values = [3, 2, 1, Buffer.from('a-b-')]
      expect(await client.callAsync('EVAL', script, 0)).toEqual(values)
    })

    it('tell FUNCTION STATS who runs, and FUNCTION KILL ends them', async () => {
      client.call(
        'FUNCTION',
        'LOAD',
        `#!lua name=l
redis.register_function('loop', function() while true do end end)`,
      )
      const answer = client.callAsync('FCALL', 'loop', 1, 'k')
      await turn()
      expect(client.call('PING')).toEqual(error('You can only call FUNCTION KILL'))
      expect(client.call('SCRIPT', 'KILL')).toEqual(error('You can only call FUNCTION KILL'))
      const words = ['FCALL', 'loop', '1', 'k'].map((word) => Buffer.from(word))
      expect(client.call('FUNCTION', 'STATS')).toEqual(
        expect.arrayContaining([expect.arrayContaining([words])]),
      )
      expect(client.call('FUNCTION', 'KILL')).toBe('OK')
      expect(await answer).toEqual(error('Script killed by user'))
    })

    it('answer at once where nobody can wait', () => {
      expect(evaluate('for i = 1, 5000000 do end return 1')).toBe(1)
    })
  })

  it('end a library that loads for longer than half a second', () => {
    expect(client.call('FUNCTION', 'LOAD', '#!lua name=x\nwhile true do end')).toEqual(
      error('FUNCTION LOAD timeout'),
    )
    expect(client.call('FUNCTION', 'LIST')).toEqual([])
  })

  it('keep the old library when its replacement does not load', () => {
    const old = `#!lua name=l\nredis.register_function('f', function() return 'old' end)`
    client.call('FUNCTION', 'LOAD', old)
    expect(client.call('FUNCTION', 'LOAD', 'REPLACE', '#!lua name=l\nerror("x")')).toEqual(
      error('Error registering functions'),
    )
    expect(client.call('FCALL', 'f', 0)).toEqual(Buffer.from('old'))
  })
})

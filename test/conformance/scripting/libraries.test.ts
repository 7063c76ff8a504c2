import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BothServers, startBothServers } from '../../support/both-servers.ts'
import { RawRespClient } from '../../support/raw-resp-client.ts'
import { findTool, requireToolInCi } from '../../support/tools.ts'

requireToolInCi('redis-server')
const hasRedis = findTool('redis-server') !== undefined

const RUNS = 150

/** A string as Lua writes it, of any bytes. */
const luaString = fc
  .uint8Array({ maxLength: 12 })
  .map((bytes) => `"${Array.from(bytes, (byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`)

const luaNumber = fc.oneof(
  fc.integer().map(String),
  fc.integer({ min: -300, max: 300 }).map(String),
  fc.double({ noNaN: true }).map((value) => {
    if (Number.isFinite(value)) return value.toString()
    return value > 0 ? '(1/0)' : '(-1/0)'
  }),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
)

/** Tables of one kind of key: two kinds in one come out in an order that nobody promises. */
const { value: luaValue } = fc.letrec<{ value: string; table: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('true', 'false', 'nil', 'cjson.null', '{}'),
    luaString,
    luaNumber,
    tie('table'),
  ),
  table: fc.oneof(
    fc.array(tie('value'), { maxLength: 5 }).map((values) => `{${values.join(',')}}`),
    fc.tuple(luaString, tie('value')).map(([key, value]) => `{[${key}]=${value}}`),
    fc.tuple(luaNumber, tie('value')).map(([key, value]) => `{[${key}]=${value}}`),
  ),
}))

const json = fc.oneof(
  fc.json({ maxDepth: 3 }),
  // Damaged texts, and what C's strtod reads and JSON does not have.
  fc
    .tuple(
      fc.json({ maxDepth: 2 }),
      fc.nat(),
      fc.constantFrom(...'{}[],:"\\ntf0xeE+-.1 '.split('')),
    )
    .map(([text, at, character]) => {
      const place = at % (text.length + 1)
      return text.slice(0, place) + character + text.slice(place + 1)
    }),
  fc.stringMatching(/^[-+0-9.eExXabcnifNIF]{1,8}$/),
)

const structFormat = fc
  .array(
    fc.constantFrom(
      ...'<>! bBhHlLiIfdxcs'.split(''),
      '!2',
      '!4',
      'i3',
      'I5',
      'i8',
      'c0',
      'c4',
      'i20',
    ),
    {
      maxLength: 6,
    },
  )
  .map((options) => options.join(''))

const call = (body: string): string => `local ok, a, b = pcall(function() ${body} end)
return {tostring(ok), type(a), a == cjson.null and 'null' or tostring(a), tostring(b)}`

describe.skipIf(!hasRedis)('the libraries of scripts beside redis-server', () => {
  let servers: BothServers
  let theirs: RawRespClient
  let ours: RawRespClient

  beforeAll(async () => {
    servers = await startBothServers()
    theirs = await RawRespClient.connect(servers.redis.port)
    ours = await RawRespClient.connect(servers.engine.port)
  })

  afterAll(async () => {
    theirs.close()
    ours.close()
    await servers.stop()
  })

  async function alike(script: string, ...args: readonly string[]): Promise<void> {
    const argv = ['EVAL', script, '0', ...args]
    const [expected, actual] = await Promise.all([theirs.send(...argv), ours.send(...argv)])
    const hide = (reply: string) => reply.replace(/0x[0-9a-f]+/g, '0x…')
    expect(hide(actual)).toBe(hide(expected))
  }

  it.each([
    ['cjson.encode', (value: string) => `return cjson.encode(${value})`],
    ['cmsgpack.pack', (value: string) => `return cmsgpack.pack(${value})`],
    [
      'cmsgpack.unpack of what was packed',
      (value: string) => `return cjson.encode({cmsgpack.unpack(cmsgpack.pack(${value}))})`,
    ],
    ['a reply', (value: string) => `return cjson.encode({redis.pcall('echo', ${value})})`],
  ])('%s', async (_name, body) => {
    await fc.assert(
      fc.asyncProperty(luaValue, (value) => alike(call(body(value)))),
      { numRuns: RUNS },
    )
  })

  it('what a script returns', async () => {
    await fc.assert(
      fc.asyncProperty(luaValue, (value) => alike(`return ${value}`)),
      { numRuns: RUNS },
    )
  })

  it('cjson.decode', async () => {
    // Objects of one key: more come out in an order that nobody promises.
    const script = call(`local value = cjson.decode(ARGV[1])
local function shown(v)
  if type(v) ~= 'table' then return v == cjson.null and 'null' or type(v) .. tostring(v) end
  local keys = {}
  for k in pairs(v) do keys[#keys + 1] = k end
  table.sort(keys, function(x, y) return tostring(x) < tostring(y) end)
  for i, k in ipairs(keys) do keys[i] = type(k) .. tostring(k) .. '=' .. shown(v[k]) end
  return '{' .. table.concat(keys, ',') .. '}'
end
return shown(value)`)
    await fc.assert(
      fc.asyncProperty(json, (text) => alike(script, text)),
      { numRuns: RUNS * 2 },
    )
  })

  it('cmsgpack.unpack of any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(luaString, (bytes) =>
        alike(call(`return cjson.encode({cmsgpack.unpack(${bytes})})`)),
      ),
      { numRuns: RUNS },
    )
  })

  it('struct.pack, struct.unpack and struct.size', async () => {
    await fc.assert(
      fc.asyncProperty(
        structFormat,
        fc.array(fc.oneof(luaNumber, luaString), { maxLength: 6 }),
        luaString,
        async (format, values, bytes) => {
          const list = ['ARGV[1]', ...values].join(',')
          await alike(call(`return struct.pack(${list})`), format)
          await alike(call(`return struct.size(ARGV[1])`), format)
          const unpacked = `local r = {struct.unpack(ARGV[1], ${bytes} .. ${bytes})}
for i = 1, #r do r[i] = tostring(r[i]) end
return table.concat(r, '|')`
          await alike(call(unpacked), format)
        },
      ),
      { numRuns: RUNS },
    )
  })

  it('bit', async () => {
    const functions = ['tobit', 'bnot', 'band', 'bor', 'bxor', 'lshift', 'rshift', 'arshift']
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...functions, 'rol', 'ror', 'bswap', 'tohex'),
        fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 32 }), { minLength: 1, maxLength: 3 }),
        (name, values) => alike(call(`return bit.${name}(${values.join(',')})`)),
      ),
      { numRuns: RUNS },
    )
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/shared/random.ts'
import { RawRespClient } from '../support/raw-resp-client.ts'
import { startEngineServer } from '../support/start-engine-server.ts'
import { type RedisProcess, startRedis } from '../support/start-redis.ts'
import { findTool, requireToolInCi } from '../support/tools.ts'

requireToolInCi('redis-server')
const hasRedis = findTool('redis-server') !== undefined

const POINTS = 2_000
/** The C library's functions miss the nearest double about once in 700 calls; V8's once in 30. */
const SHARE_EQUAL_MIN = 0.99

describe.skipIf(!hasRedis)('distances of the engine and of redis-server 7.0.15', () => {
  let sides: readonly RedisProcess[]
  let clients: readonly RawRespClient[]
  const both = (...argv: string[]): Promise<string[]> =>
    Promise.all(clients.map((client) => client.send(...argv)))

  beforeAll(async () => {
    sides = await Promise.all([startRedis(), startEngineServer()])
    clients = await Promise.all(sides.map(({ port }) => RawRespClient.connect(port)))
    const random = seededRandom(11)
    const within = (limit: number): string =>
      ((random.uint32() / 2 ** 32) * 2 * limit - limit).toFixed(9)
    const points = Array.from({ length: POINTS }, (_, index) => [
      within(180),
      within(85.05),
      `p${index}`,
    ])
    await both('GEOADD', 'g', ...points.flat())
  })

  afterAll(async () => {
    for (const client of clients) client.close()
    for (const side of sides) await side.stop()
  })

  it.each(['m', 'km', 'ft', 'mi'])('are the same in %s, to four decimals', async (unit) => {
    const [theirs, ours] = await both(
      ...`GEORADIUS g 13.5 38.1 30000 ${unit === 'm' ? 'km' : unit} ASC WITHDIST`.split(' '),
    )
    expect(ours).toBe(theirs)
    for (let index = 0; index < 250; index += 1) {
      const [their, our] = await both('GEODIST', 'g', `p${index}`, `p${index + 1}`, unit)
      expect([index, our]).toEqual([index, their])
    }
  })

  it('are stored the same to the last digit, in practically all cases', async () => {
    await both(...'GEORADIUS g 13.5 38.1 30000 km STOREDIST d'.split(' '))
    const [theirs = '', ours = ''] = await both('ZRANGE', 'd', '0', '-1', 'WITHSCORES')
    const [their, our] = [theirs, ours].map(scores)
    expect(our?.size).toBe(POINTS)
    let equal = 0
    for (const [member, text] of our ?? []) {
      const other = their?.get(member) ?? ''
      if (text === other) equal += 1
      expect(Math.abs(Number(text) - Number(other))).toBeLessThan(Number(other) * 2 ** -51)
    }
    expect(equal / POINTS).toBeGreaterThan(SHARE_EQUAL_MIN)
  })
})

/** Members and their scores of a ZRANGE reply, each as text. */
function scores(reply: string): ReadonlyMap<string, string> {
  const lines = reply.split('\r\n').slice(1)
  const found = new Map<string, string>()
  for (let at = 1; at + 2 < lines.length; at += 4) found.set(lines[at] ?? '', lines[at + 2] ?? '')
  return found
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appendValue } from '../../src/engine/structures/listpack-edit.ts'
import { isValidListpack } from '../../src/engine/structures/listpack-integrity.ts'
import { ArrayRegion } from '../support/array-region.ts'
import { RawRespClient } from '../support/raw-resp-client.ts'
import { type RedisProcess, startRedis } from '../support/start-redis.ts'
import { findTool, requireToolInCi } from '../support/tools.ts'

requireToolInCi('redis-server')

/** RDB: a version of two bytes and a CRC of eight end a payload. */
const FOOTER_BYTES = 10

describe.skipIf(findTool('redis-server') === undefined)('listpacks beside redis-server', () => {
  let redis: RedisProcess
  let client: RawRespClient

  beforeAll(async () => {
    redis = await startRedis(['--rdbcompression', 'no'])
    client = await RawRespClient.connect(redis.port)
    await client.send('CONFIG', 'SET', 'hash-max-listpack-value', '100000')
  })

  afterAll(async () => {
    client.close()
    await redis.stop()
  })

  it.each([
    ['short strings', ['a', 'b', '', 'hello world']],
    ['integers', ['0', '127', '128', '-1', '-4096', '4095', '4096', '-4097', '32767', '-32769']],
    ['large integers', ['8388607', '8388608', '-8388609', '2147483647', '2147483648']],
    ['64 bits', ['-2147483649', '9223372036854775807', '-9223372036854775808', '1000000000000000']],
    ['nearly integers', ['9223372036854775808', '01', '-0', '+1', '1.0', ' 1', '-']],
    ['limits of strings', [62, 63, 64, 65, 126, 127, 4_095, 4_096].map((n) => 'x'.repeat(n))],
    ['limits of lengths', [16_376, 16_377, 16_378, 16_379].map((n) => 'x'.repeat(n))],
  ])('have the same bytes: %s', async (_name, values) => {
    const argv = values.flatMap((value, index) => [`field:${index}`, value])
    await client.send('DEL', 'hash')
    await client.send('HSET', 'hash', ...argv)
    const region = ArrayRegion.ofEmptyListpack()
    for (const text of argv) appendValue(region, Buffer.from(text), 0, text.length)
    const theirs = listpackOf(await client.send('DUMP', 'hash'), region.length)
    expect(Buffer.from(region.content).toString('hex')).toBe(Buffer.from(theirs).toString('hex'))
    expect(isValidListpack(theirs, 0, theirs.length)).toBe(true)
  })
})

/** The string in the DUMP of a value that is kept as one: it stands last, before the footer. */
function listpackOf(reply: string, bytes: number): Uint8Array {
  const payload = Buffer.from(reply.slice(reply.indexOf('\n') + 1, -2), 'latin1')
  const end = payload.length - FOOTER_BYTES
  return payload.subarray(end - bytes, end)
}

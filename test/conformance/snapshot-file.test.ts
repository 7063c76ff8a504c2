import { execFileSync } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RawRespClient } from '../support/raw-resp-client.ts'
import { SnapshotDriver } from '../support/snapshot-driver.ts'
import { startRedis } from '../support/start-redis.ts'
import { findTool, requireToolInCi } from '../support/tools.ts'

const TOOLS = ['redis-server', 'redis-check-rdb'] as const
for (const tool of TOOLS) requireToolInCi(tool)
const hasTools = TOOLS.every((tool) => findTool(tool) !== undefined)

const ELEMENTS = 5_000
const STRINGS = 200
const STRINGS_DATABASE = 1
/** What is written in pieces is written as it is in use. */
const SIZES = { atOnceBytesMax: 64 * 1_024, pieceBytes: 8 * 1_024 }

type Words = readonly (string | number)[]

describe.skipIf(!hasTools)('a file of large values that others came in between of', () => {
  let driver: SnapshotDriver

  beforeEach(() => {
    driver = new SnapshotDriver()
    for (let index = 0; index < ELEMENTS; index += 1) {
      call('HSET', 'hash', `field${index}`, `value${index}`)
      call('SADD', 'set', `member${index}`)
      call('ZADD', 'zset', index / 3, `member${index}`)
      call('RPUSH', 'list', `element${index}`)
      call('XADD', 'stream', `${index + 1}-0`, 'field', index)
    }
    call('XGROUP', 'CREATE', 'stream', 'g', '0')
    call('XREADGROUP', 'GROUP', 'g', 'al', 'COUNT', ELEMENTS / 2, 'STREAMS', 'stream', '>')
    call('PEXPIREAT', 'zset', 4_000_000_000_000)
    call('SELECT', STRINGS_DATABASE)
    for (let index = 0; index < STRINGS; index += 1) call('SET', `s${index}`, index)
  })
  afterEach(() => driver.remove())

  function call(...words: Words): void {
    expect(driver.client.call(...words)).not.toBeInstanceOf(Error)
  }

  it('is sound to redis-check-rdb, and loaded by redis-server', async () => {
    const digest = String(driver.client.call('DEBUG', 'DIGEST'))
    const snapshot = driver.begin(SIZES)
    const { writer } = snapshot
    let changes = 0
    let aside = 0
    for (; !snapshot.isDone; snapshot.stepOnce()) {
      if (changes === STRINGS) continue
      const { length } = writer.output
      call('APPEND', `s${changes}`, 'x')
      changes += 1
      if (writer.output.length === length) aside += 1
    }
    expect(changes).toBe(STRINGS)
    expect(aside).toBeGreaterThan(STRINGS / 4)
    const check = execFileSync('redis-check-rdb', [driver.save(snapshot)], { encoding: 'utf8' })
    expect(check).toMatch(/RDB looks OK/)
    expect(check).toContain(`${STRINGS + 5} keys read`)
    const redis = await startRedis(['--dir', driver.folder, '--enable-debug-command', 'yes'])
    try {
      const client = await RawRespClient.connect(redis.port)
      expect(await client.send('DEBUG', 'DIGEST')).toBe(`+${digest}\r\n`)
      expect(await client.send('XPENDING', 'stream', 'g')).toContain(`:${ELEMENTS / 2}\r\n`)
      client.close()
    } finally {
      await redis.stop()
    }
  })
})

import { describe, expect, it } from 'vitest'
import { Engine } from '../../../../src/engine/index.ts'
import { systemClock } from '../../../../src/shared/clock.ts'
import { silentLogger } from '../../../../src/shared/logger.ts'
import { seededRandom } from '../../../../src/shared/random.ts'

const KEY = Buffer.from('key')

function openEngine() {
  const engine = new Engine({ clock: systemClock, random: seededRandom(1), log: silentLogger })
  const client = engine.client()
  const changes = (): string | undefined =>
    /rdb_changes_since_last_save:(\d+)/.exec(engine.info('persistence'))?.[1]
  return { client, changes }
}

describe('EmbeddedClient.setRange', () => {
  it('overwrites bytes within a value, as one change', () => {
    const { client, changes } = openEngine()
    client.set(KEY, Buffer.alloc(60, 'a'))
    client.setRange(KEY, 58, Buffer.from('zz'))
    expect(client.get(KEY)?.toString()).toBe(`${'a'.repeat(58)}zz`)
    expect(changes()).toBe('2')
  })

  it('makes a value longer when the bytes end behind it', () => {
    const { client } = openEngine()
    client.set(KEY, Buffer.alloc(60, 'a'))
    client.setRange(KEY, 59, Buffer.from('zz'))
    expect(client.get(KEY)?.toString()).toBe(`${'a'.repeat(59)}zz`)
  })

  it('makes a value where there was none', () => {
    const { client } = openEngine()
    client.setRange(KEY, 2, Buffer.from('z'))
    expect(client.get(KEY)).toEqual(Buffer.from('\0\0z'))
  })

  it('makes a raw string of an integer', () => {
    const { client } = openEngine()
    client.set(KEY, Buffer.from('123'))
    client.setRange(KEY, 0, Buffer.from('9'))
    expect(client.call('OBJECT', 'ENCODING', KEY)).toEqual(Buffer.from('raw'))
    expect(client.get(KEY)?.toString()).toBe('923')
  })
})

import { describe, expect, it } from 'vitest'
import { AclLog } from '../../../../src/engine/acl/acl-log.ts'

const entry = (object: string, atMs = 0) => ({
  reason: 'key' as const,
  context: 'toplevel' as const,
  object,
  user: 'u',
  atMs,
  client: `id=1 at=${atMs}`,
})

const objects = (log: AclLog) => log.entries(100).map(({ object, count }) => `${object} ${count}`)

describe('ACL LOG', () => {
  it('counts the same within a minute as one, and brings it to the front', () => {
    const log = new AclLog()
    log.add(entry('a'), 10)
    log.add(entry('b'), 10)
    log.add(entry('a', 60_000), 10)
    expect(objects(log)).toEqual(['a 2', 'b 1'])
    expect(log.entries(1)[0]?.client).toBe('id=1 at=60000')
    log.add(entry('b', 60_001), 10)
    expect(objects(log)).toEqual(['b 1', 'a 2', 'b 1'])
  })

  it('tells other reasons, contexts and users apart', () => {
    const log = new AclLog()
    log.add(entry('a'), 10)
    log.add({ ...entry('a'), reason: 'channel' }, 10)
    log.add({ ...entry('a'), context: 'multi' }, 10)
    log.add({ ...entry('a'), user: 'v' }, 10)
    expect(objects(log)).toEqual(['a 1', 'a 1', 'a 1', 'a 1'])
  })

  it('compares with the last ten only', () => {
    const log = new AclLog()
    for (let index = 0; index < 10; index += 1) log.add(entry(`${index}`), 100)
    log.add(entry('0'), 100)
    expect(objects(log)).toHaveLength(10)
    log.add(entry('new'), 100)
    log.add(entry('1'), 100)
    expect(objects(log)).toHaveLength(12)
  })

  it.each([
    [0, []],
    [1, ['b 1']],
    [2, ['b 1', 'a 1']],
  ])('keeps %i entries at most', (lengthMax, expected) => {
    const log = new AclLog()
    log.add(entry('a'), lengthMax)
    log.add(entry('b'), lengthMax)
    expect(objects(log)).toEqual(expected)
  })

  it('keeps the beginning of a long key', () => {
    const log = new AclLog()
    log.add(entry('x'.repeat(1_025)), 10)
    expect(log.entries(1)[0]?.object).toBe('x'.repeat(1_024))
  })

  it('counts each refusal, forgotten or not', () => {
    const log = new AclLog()
    log.add(entry('a'), 0)
    log.add({ ...entry('a'), reason: 'auth' }, 0)
    log.clear()
    expect(log.denials).toEqual({ auth: 1, command: 0, key: 1, channel: 0 })
  })
})

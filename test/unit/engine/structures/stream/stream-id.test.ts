import { describe, expect, it } from 'vitest'
import { parseStreamId } from '../../../../../src/engine/structures/stream/parse-stream-id.ts'
import { StreamId } from '../../../../../src/engine/structures/stream/stream-id.ts'

const MAX = '18446744073709551615'
const FORMS = { edges: true, anySeq: false, missingSeq: 'first' } as const

function idOf(text: string): StreamId {
  const id = new StreamId()
  const bytes = Buffer.from(text)
  expect(parseStreamId(bytes, 0, bytes.length, FORMS, id)).toBe('complete')
  return id
}

function spelled(id: StreamId): string {
  const bytes = Buffer.alloc(41)
  return bytes.toString('latin1', 0, id.spell(bytes))
}

describe('an id', () => {
  it.each([
    '0-0',
    '1-9',
    '10-99',
    '4294967295-4294967296',
    '999999999999999-1000000000000000',
    '9007199254740991-9007199254740992',
    `9223372036854775808-${MAX}`,
    `${MAX}-${MAX}`,
  ])('%s is read and written', (text) => {
    const id = idOf(text)
    expect(spelled(id)).toBe(text)
    expect(id.toString()).toBe(text)
    const bytes = new Uint8Array(20)
    id.write(bytes, 3)
    const other = new StreamId()
    other.read(bytes, 3)
    expect(other.compare(id)).toBe(0)
  })

  it.each([
    ['0-0', '0-1'],
    ['0-4294967295', '0-4294967296'],
    [`0-${MAX}`, '1-0'],
    [`4294967295-${MAX}`, '4294967296-0'],
  ])('%s comes right before %s', (before, after) => {
    const up = idOf(before)
    expect(up.increment()).toBe(true)
    expect(spelled(up)).toBe(after)
    const down = idOf(after)
    expect(down.decrement()).toBe(true)
    expect(spelled(down)).toBe(before)
    expect(idOf(before).compare(idOf(after))).toBeLessThan(0)
    expect(idOf(after).compare(idOf(before))).toBeGreaterThan(0)
  })

  it('has none after the last and none before the first', () => {
    const last = idOf('+')
    expect(last.increment()).toBe(false)
    expect(last.isZero).toBe(true)
    expect(last.decrement()).toBe(false)
    expect(last.isMax).toBe(true)
  })

  it.each([
    ['5-5', '5-5'],
    ['5-5', '9-1'],
    ['1-4294967296', '4294967297-1'],
    [`1-${MAX}`, '2-0'],
    ['0-0', `${MAX}-${MAX}`],
    ['1700000000000-0', `1700000000001-${MAX}`],
    ['9223372036854775807-0', '9223372036854775808-1'],
  ])('is found again from %s by its distance to %s', (from, to) => {
    const id = idOf(from)
    const target = idOf(to)
    id.addMs(target.msSince(idOf(from)))
    id.addSeq(target.seqSince(idOf(from)))
    expect(spelled(id)).toBe(to)
  })
})

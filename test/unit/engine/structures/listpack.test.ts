import { describe, expect, it } from 'vitest'
import {
  entryEquals,
  firstEntry,
  headerCount,
  listpackBytes,
  listpackCount,
  readEntry,
  seekEntry,
} from '../../../../src/engine/structures/listpack.ts'
import {
  appendInteger,
  appendValue,
  deleteEntries,
  hasRoomFor,
  replaceWithInteger,
} from '../../../../src/engine/structures/listpack-edit.ts'
import { PackedEntry } from '../../../../src/engine/structures/packed-entry.ts'
import { ArrayRegion } from '../../../support/array-region.ts'

describe('a listpack of integers', () => {
  it.each([
    [0, '00 01'],
    [127, '7f 01'],
    [128, 'c0 80 02'],
    [-1, 'df ff 02'],
    [4_095, 'cf ff 02'],
    [-4_096, 'd0 00 02'],
    [4_096, 'f1 00 10 03'],
    [-32_768, 'f1 00 80 03'],
    [32_768, 'f2 00 80 00 04'],
    [-8_388_608, 'f2 00 00 80 04'],
    [8_388_608, 'f3 00 00 80 00 05'],
    [-2_147_483_648, 'f3 00 00 00 80 05'],
    [2_147_483_648, 'f4 00 00 00 80 00 00 00 00 09'],
    [-2_147_483_649, 'f4 ff ff ff 7f ff ff ff ff 09'],
    [2n ** 63n - 1n, 'f4 ff ff ff ff ff ff ff 7f 09'],
    [-(2n ** 63n), 'f4 00 00 00 00 00 00 00 80 09'],
  ])('keeps %s as %s, given as integer or as its digits', (value, bytes) => {
    const region = ArrayRegion.ofEmptyListpack()
    appendInteger(region, value)
    const digits = Buffer.from(`${value}`)
    appendValue(region, digits, 0, digits.length)
    expect(hex(region.content.subarray(6))).toBe(`${bytes} ${bytes} ff`)
    const entry = new PackedEntry()
    readEntry(region.bytes, firstEntry(region.bytes, region.start), entry)
    expect([entry.isInteger, entry.integer]).toEqual([true, value])
  })

  it('compares an integer with its canonical spelling only', () => {
    const region = ArrayRegion.ofEmptyListpack()
    appendInteger(region, 12)
    const at = firstEntry(region.bytes, region.start)
    const equals = (text: string) =>
      entryEquals(region.bytes, at, Buffer.from(text), 0, text.length)
    expect(['12', '012', '+12', '12 ', '', '1'].map(equals)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ])
  })

  it('replaces a string by an integer', () => {
    const region = ArrayRegion.ofEmptyListpack()
    appendValue(region, Buffer.from('abc'), 0, 3)
    replaceWithInteger(region, firstEntry(region.bytes, region.start), 5)
    expect(hex(region.content)).toBe('09 00 00 00 01 00 05 01 ff')
  })
})

describe('a listpack of 65535 entries and more', () => {
  it('counts them when the header no longer can', () => {
    const region = new ArrayRegion(packedOnes(65_534), 3)
    expect([headerCount(region.bytes, 3), listpackCount(region.bytes, 3)]).toEqual([65_534, 65_534])
    appendInteger(region, 2)
    expect(headerCount(region.bytes, region.start)).toBe(65_535)
    expect(listpackCount(region.bytes, region.start)).toBe(65_535)
    deleteEntries(region, seekEntry(region.bytes, region.start, -2), 2)
    expect(headerCount(region.bytes, region.start)).toBe(65_535)
    expect(listpackCount(region.bytes, region.start)).toBe(65_533)
    expect(seekEntry(region.bytes, region.start, 65_533)).toBe(0)
    expect(seekEntry(region.bytes, region.start, -65_534)).toBe(0)
    expect(seekEntry(region.bytes, region.start, -65_533)).toBe(region.start + 6)
  })
})

describe('the limit of a listpack', () => {
  it.each([
    [0, true],
    [2 ** 30 - 7, true],
    [2 ** 30 - 6, false],
  ])('with %i bytes to come has room: %s', (added, expected) => {
    const region = ArrayRegion.ofEmptyListpack()
    expect(listpackBytes(region.bytes, region.start)).toBe(7)
    expect(hasRoomFor(region.bytes, region.start, added)).toBe(expected)
  })
})

function packedOnes(count: number): Uint8Array {
  const bytes = new Uint8Array(7 + 2 * count).fill(1)
  new DataView(bytes.buffer).setUint32(0, bytes.length, true)
  new DataView(bytes.buffer).setUint16(4, count, true)
  bytes[bytes.length - 1] = 0xff
  return bytes
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

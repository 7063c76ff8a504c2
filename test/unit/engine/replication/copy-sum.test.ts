import { describe, expect, it } from 'vitest'
import { CopySum } from '../../../../src/engine/replication/copy-sum.ts'
import { Crc64 } from '../../../../src/engine/structures/crc64.ts'

const MARK_BYTES = 40

function file(version: string, body: string, sum?: Buffer): Buffer {
  const content = Buffer.from(`REDIS${version}${body}`)
  if (sum !== undefined) return Buffer.concat([content, sum])
  const crc = new Crc64()
  crc.update(content)
  const trailer = Buffer.alloc(8)
  crc.writeTo(trailer, 0)
  return Buffer.concat([content, trailer])
}

function isRight(bytes: Buffer, pieceBytes: number, behind = 0): boolean {
  const sum = new CopySum()
  for (let at = 0; at < bytes.length; at += pieceBytes) sum.add(bytes.subarray(at, at + pieceBytes))
  return sum.isRight(behind)
}

describe('CopySum', () => {
  it.each([1, 7, 48, 49, 1_000])('is right for a whole file in pieces of %d bytes', (bytes) => {
    expect(isRight(file('0010', 'x'.repeat(200)), bytes)).toBe(true)
    expect(isRight(file('0010', ''), bytes)).toBe(true)
    const marked = Buffer.concat([file('0010', 'x'.repeat(200)), Buffer.alloc(MARK_BYTES, 'm')])
    expect(isRight(marked, bytes, MARK_BYTES)).toBe(true)
  })

  it('is wrong for any byte that is another', () => {
    const whole = file('0010', 'some keys')
    for (let at = 0; at < whole.length; at += 1) {
      const damaged = Buffer.from(whole)
      damaged[at] = (damaged[at] ?? 0) ^ 1
      expect(isRight(damaged, 5), `byte ${at}`).toBe(false)
    }
  })

  it('takes a file that nobody has summed up, and one of before there were sums', () => {
    expect(isRight(file('0010', 'keys', Buffer.alloc(8)), 5)).toBe(true)
    expect(isRight(file('0004', 'keys', Buffer.from('whatever')), 5)).toBe(true)
    expect(isRight(file('0005', 'keys', Buffer.from('whatever')), 5)).toBe(false)
  })

  it.each(['', 'garbage', 'REDIS', 'REDIS0010', 'REDISabcd12345678'])('refuses "%s"', (text) => {
    expect(isRight(Buffer.from(text), 3)).toBe(false)
  })
})

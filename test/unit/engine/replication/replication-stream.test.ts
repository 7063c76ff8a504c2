import { describe, expect, it } from 'vitest'
import { ReplicationStream } from '../../../../src/engine/replication/replication-stream.ts'

function written(stream: ReplicationStream, from = 1): string {
  const pieces: Uint8Array[] = []
  const reader = stream.readerAt(from)
  for (let piece = reader?.next(); piece !== undefined; piece = reader?.next()) pieces.push(piece)
  return Buffer.concat(pieces).toString('latin1')
}

const SET = '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n10\r\n'

describe('ReplicationStream', () => {
  it('counts nothing before it begins', () => {
    const stream = new ReplicationStream()
    stream.effect(0, ['SET', 'k', 10])
    expect([stream.isActive, stream.offset, stream.readerAt(1)]).toEqual([false, 0, undefined])
  })

  it('selects a database when it is another than before', () => {
    const stream = new ReplicationStream()
    stream.begin()
    stream.effect(0, ['SET', Buffer.from('k'), 10])
    stream.effect(0, ['SET', 'k', 10])
    stream.effect(12, ['SET', 'k', 10])
    const select = (index: string): string =>
      `*2\r\n$6\r\nSELECT\r\n$${index.length}\r\n${index}\r\n`
    expect(written(stream)).toBe(`${select('0')}${SET}${SET}${select('12')}${SET}`)
    expect(stream.offset).toBe(written(stream).length)
  })

  it('selects again for those who have not heard of it', () => {
    const stream = new ReplicationStream()
    stream.begin()
    stream.effect(0, ['SET', 'k', 10])
    const at = stream.offset
    stream.forgetDatabase()
    stream.effect(0, ['SET', 'k', 10])
    expect(written(stream, at + 1)).toContain('SELECT')
  })

  it('leaves the database alone for what touches no key', () => {
    const stream = new ReplicationStream()
    stream.begin()
    stream.message(['PING'])
    expect(written(stream)).toBe('*1\r\n$4\r\nPING\r\n')
    expect(stream.selectedDatabase).toBe(-1)
  })

  it('goes on from the offset at which it ended', () => {
    const stream = new ReplicationStream()
    stream.begin()
    stream.message(['PING'])
    stream.end()
    expect([stream.offset, stream.backlogLength]).toEqual([14, 0])
    stream.begin()
    expect([stream.backlogStart, stream.readerAt(14)]).toEqual([15, undefined])
  })

  it('counts UTF-8 text in bytes', () => {
    const stream = new ReplicationStream()
    stream.begin()
    stream.message(['SET', 'é', 'x'.repeat(1_200)])
    expect(written(stream)).toBe(
      `*3\r\n$3\r\nSET\r\n$2\r\n\xc3\xa9\r\n$1200\r\n${'x'.repeat(1_200)}\r\n`,
    )
  })

  it('keeps 16 KiB at least', () => {
    const stream = new ReplicationStream()
    stream.backlogBytesMax = 1
    expect(stream.backlogBytesMax).toBe(16 * 1_024)
  })
})

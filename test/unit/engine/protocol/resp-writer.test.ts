import { describe, expect, it } from 'vitest'
import { RespWriter } from '../../../../src/engine/protocol/resp-writer.ts'

const PIECE = new Uint8Array(1_000).fill(0x78)
const LIMIT = 1_000_000

function writePieces(writer: RespWriter, count: number): void {
  for (let index = 0; index < count; index += 1) writer.bulk(PIECE, 0, PIECE.length)
}

describe('a RespWriter', () => {
  it('drops replies that have grown beyond their limit, and what comes then, until it is cleared', () => {
    const writer = new RespWriter()
    let asked = 0
    writer.bytesMax = LIMIT
    writer.endsAtExcess = () => {
      asked += 1
      return true
    }
    writePieces(writer, 900)
    expect([writer.isDropping, asked]).toEqual([false, 0])
    writePieces(writer, 100_000)
    expect([writer.isDropping, asked]).toEqual([true, 1])
    expect(writer.length).toBeLessThan(2 * LIMIT)
    writer.clear()
    writer.simple('OK')
    expect(writer.isDropping).toBe(false)
    expect(writer.written().toString()).toBe('+OK\r\n')
  })

  it('keeps them when it is told that they are wanted', () => {
    const writer = new RespWriter()
    writer.bytesMax = LIMIT
    writePieces(writer, 3_000)
    expect(writer.isDropping).toBe(false)
    expect(writer.length).toBe(3_000 * '$1000\r\n'.length + 3_000 * (PIECE.length + 2))
  })
})

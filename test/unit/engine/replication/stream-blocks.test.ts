import { describe, expect, it } from 'vitest'
import {
  StreamBlocks,
  type StreamReader,
} from '../../../../src/engine/replication/stream-blocks.ts'

const BLOCK = 16 * 1_024

function bytes(length: number, first = 0): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (first + index) & 0xff))
}

function append(blocks: StreamBlocks, length: number): void {
  const added = bytes(length, blocks.end)
  blocks.append(added, 0, length)
}

function readAll(reader: StreamReader): Buffer {
  const pieces: Uint8Array[] = []
  for (let piece = reader.next(); piece !== undefined; piece = reader.next()) pieces.push(piece)
  return Buffer.concat(pieces)
}

describe('StreamBlocks', () => {
  it('counts from the offset it begins after', () => {
    const blocks = new StreamBlocks(BLOCK, 100)
    append(blocks, 10)
    expect([blocks.start, blocks.end, blocks.length]).toEqual([101, 110, 10])
  })

  it('has what it keeps and the byte that comes next, and nothing else', () => {
    const blocks = new StreamBlocks(BLOCK, 100)
    append(blocks, 10)
    expect([100, 101, 111, 112].map((offset) => blocks.has(offset))).toEqual([
      false,
      true,
      true,
      false,
    ])
  })

  it('keeps at least the backlog and lets whole blocks before it go', () => {
    const blocks = new StreamBlocks(2 * BLOCK, 0)
    for (let count = 0; count < 10; count += 1) append(blocks, BLOCK)
    expect(blocks.length).toBe(2 * BLOCK)
    append(blocks, 1)
    expect(blocks.length).toBe(2 * BLOCK + 1)
  })

  it('gives a reader every byte from its offset on, across blocks', () => {
    const blocks = new StreamBlocks(10 * BLOCK, 0)
    append(blocks, 3 * BLOCK)
    const reader = blocks.readerAt(BLOCK - 2)
    append(blocks, 5)
    expect(reader.waitingBytes).toBe(2 * BLOCK + 8)
    expect(readAll(reader).equals(bytes(2 * BLOCK + 8, BLOCK - 3))).toBe(true)
    expect(reader.waitingBytes).toBe(0)
    append(blocks, 3)
    expect(readAll(reader).equals(bytes(3, 3 * BLOCK + 5))).toBe(true)
  })

  it('keeps for a reader what the backlog has let go', () => {
    const blocks = new StreamBlocks(BLOCK, 0)
    const reader = blocks.readerAt(1)
    for (let count = 0; count < 40; count += 1) append(blocks, BLOCK / 2)
    expect(blocks.has(1)).toBe(false)
    expect(readAll(reader).equals(bytes(20 * BLOCK))).toBe(true)
  })

  it('lets go at once when the backlog shrinks', () => {
    const blocks = new StreamBlocks(8 * BLOCK, 0)
    for (let count = 0; count < 8; count += 1) append(blocks, BLOCK)
    blocks.backlogBytesMax = BLOCK
    blocks.trim()
    expect(blocks.length).toBe(BLOCK)
  })
})

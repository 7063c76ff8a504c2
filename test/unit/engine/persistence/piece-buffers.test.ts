import { describe, expect, it } from 'vitest'
import { PieceBuffers } from '../../../../src/engine/persistence/piece-buffers.ts'

describe('PieceBuffers', () => {
  it('gives memory again that came back, whole', () => {
    const buffers = new PieceBuffers()
    const [bytes, places] = [buffers.takeBytes(), buffers.takePlaces()]
    buffers.give({ bytes: bytes.subarray(0, 10), places: places.subarray(0, 2) })
    const [bytesAgain, placesAgain] = [buffers.takeBytes(), buffers.takePlaces()]
    expect([bytesAgain.buffer, bytesAgain.length]).toEqual([bytes.buffer, bytes.length])
    expect([placesAgain.buffer, placesAgain.length]).toEqual([places.buffer, places.length])
    expect(buffers.takeBytes().buffer).not.toBe(bytes.buffer)
  })

  it.each([
    [320 * 1_024 - 1, false],
    [320 * 1_024, true],
    [1_024 * 1_024, true],
    [1_024 * 1_024 + 1, false],
  ])('keeps memory of %d bytes or not', (length, isKept) => {
    const buffers = new PieceBuffers()
    const bytes = new Uint8Array(length)
    buffers.giveBytes(bytes)
    expect(buffers.takeBytes().buffer === bytes.buffer).toBe(isKept)
  })

  it('keeps no places of which there have become more', () => {
    const buffers = new PieceBuffers()
    const places = new Uint32Array(2 * buffers.takePlaces().length)
    buffers.give({ bytes: new Uint8Array(0), places })
    expect(buffers.takePlaces().length).toBeLessThan(places.length)
  })
})

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

  it('keeps none that has become larger', () => {
    const buffers = new PieceBuffers()
    const size = buffers.takeBytes().length
    const larger = { bytes: new Uint8Array(2 * size), places: new Uint32Array(2 * size) }
    buffers.give(larger)
    expect(buffers.takeBytes().length).toBe(size)
    expect(buffers.takePlaces().length).toBeLessThan(size)
  })
})

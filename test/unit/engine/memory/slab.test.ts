import { describe, expect, it } from 'vitest'
import { PAGE_BYTES, Slab } from '../../../../src/engine/memory/slab.ts'

describe('Slab', () => {
  it('never hands out handle 0', () => {
    const slab = new Slab()
    const handles = Array.from({ length: 10_000 }, () => slab.allocate(16))
    expect(handles).not.toContain(0)
    expect(new Set(handles).size).toBe(handles.length)
  })

  it.each([
    [1, 16],
    [16, 16],
    [17, 32],
    [256, 256],
    [257, 288],
    [16_384, 16_384],
    [16_385, 18_432],
    [262_144, 262_144],
    [262_145, 5 * PAGE_BYTES],
  ])('gives %i bytes a block of %i', (bytes, block) => {
    const slab = new Slab()
    const handle = slab.allocate(bytes)
    expect(slab.blockBytes(handle)).toBe(block)
    expect(slab.usedBytes).toBe(block)
    slab.free(handle)
    expect(slab.usedBytes).toBe(0)
  })

  it('gives back the pages of blocks that are all free, to any other size', () => {
    const slab = new Slab()
    const small = Array.from({ length: 10_000 }, () => slab.allocate(64))
    const held = slab.heldBytes
    for (const handle of small) slab.free(handle)
    expect(slab.heldBytes).toBe(0)
    for (let index = 0; index < 10_000; index += 1) slab.allocate(60)
    expect(slab.heldBytes).toBe(held)
  })

  it('keeps a block larger than an arena, and takes its memory back', () => {
    const slab = new Slab()
    const bytes = 65 * 1_024 * 1_024
    const handle = slab.allocate(bytes)
    const end = slab.offset(handle) + bytes - 1
    slab.bytes(handle)[end] = 7
    expect(slab.bytes(handle)[end]).toBe(7)
    expect(slab.heldBytes).toBeGreaterThanOrEqual(bytes)
    slab.free(handle)
    expect(slab.usedBytes).toBe(0)
    expect(slab.blockBytes(slab.allocate(bytes))).toBe(bytes)
  })

  it('goes on in a second arena when the first is full', () => {
    const slab = new Slab()
    const blocks = Array.from({ length: 300 }, (_, index) => {
      const handle = slab.allocate(250_000)
      slab.setUint32(handle, 249_996, index)
      return handle
    })
    expect(blocks.map((handle) => slab.uint32(handle, 249_996))).toEqual(
      blocks.map((_, index) => index),
    )
  })

  it('follows chains of blocks by their first words, to their ends', () => {
    const slab = new Slab()
    const [first = 0, second = 0, third = 0] = Array.from({ length: 3 }, () => slab.allocate(64))
    slab.setUint32(first, 0, second)
    slab.setUint32(second, 0, third)
    slab.setUint32(third, 0, 0)
    const handles = Uint32Array.of(first, third, second)
    slab.follow(handles, 2)
    expect([...handles]).toEqual([second, 0, second])
    slab.follow(handles, 3)
    expect([...handles]).toEqual([third, 0, third])
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Handle, Slab } from '../../../src/engine/memory/slab.ts'

interface Block {
  readonly handle: Handle
  readonly bytes: number
  readonly mark: number
}

describe('Slab', () => {
  it('hands out blocks that never overlap and accounts for every byte', () => {
    const bytes = fc.oneof(
      fc.integer({ min: 1, max: 600 }),
      fc.integer({ min: 1, max: 40_000 }),
      fc.integer({ min: 200_000, max: 900_000 }),
    )
    const freed = fc.nat()
    fc.assert(
      fc.property(
        fc.array(fc.record({ bytes, freed, frees: fc.boolean() }), { maxLength: 300 }),
        (steps) => {
          const slab = new Slab()
          const blocks: Block[] = []
          for (const [mark, step] of steps.entries()) {
            if (step.frees && blocks.length > 0) {
              const [block] = blocks.splice(step.freed % blocks.length, 1)
              if (block === undefined) continue
              check(slab, block)
              slab.free(block.handle)
            } else {
              const block = {
                handle: slab.allocate(step.bytes),
                bytes: step.bytes,
                mark: mark & 0xff,
              }
              const start = slab.offset(block.handle)
              slab.bytes(block.handle).fill(block.mark, start, start + block.bytes)
              blocks.push(block)
            }
          }
          const used = blocks.reduce((sum, block) => sum + slab.blockBytes(block.handle), 0)
          expect(slab.usedBytes).toBe(used)
          for (const block of blocks) {
            check(slab, block)
            slab.free(block.handle)
          }
          expect([slab.usedBytes, slab.heldBytes]).toEqual([0, 0])
        },
      ),
      { numRuns: 100 },
    )
  })
})

/** Every byte of a block is still what was written to it. */
function check(slab: Slab, block: Block): void {
  const start = slab.offset(block.handle)
  const content = slab.bytes(block.handle).subarray(start, start + block.bytes)
  if (!content.every((byte) => byte === block.mark))
    throw new Error(`block ${block.mark} was overwritten`)
}

import { describe, expect, it } from 'vitest'
import { HeldReplies } from '../../../../src/engine/server/held-replies.ts'

describe('HeldReplies', () => {
  it('keeps what is there while it grows', () => {
    const held = new HeldReplies()
    held.add(Buffer.from('first'))
    held.add(Buffer.alloc(100_000, 'x'))
    expect(held.slice(0, 5).toString()).toBe('first')
    expect(held.slice(5, 100_005).every((byte) => byte === 0x78)).toBe(true)
  })

  it('starts again once everything has been released', () => {
    const held = new HeldReplies()
    held.add(Buffer.from('first'))
    held.add(Buffer.from('second'))
    held.release(5, false)
    expect(held.end).toBe(11)
    held.release(6, false)
    expect(held.end).toBe(0)
  })

  it('moves replies behind the others, and counts where they were as released', () => {
    const held = new HeldReplies()
    held.add(Buffer.from('first'))
    held.add(Buffer.from('second'))
    const at = held.move(0, 5)
    held.add(Buffer.from(' more'))
    expect(held.slice(at, at + 10).toString()).toBe('first more')
    held.release(10, false)
    held.release(6, false)
    expect(held.end).toBe(0)
  })

  it('leaves a socket the memory that it has not written yet', () => {
    const held = new HeldReplies()
    held.add(Buffer.from('first'))
    const unsent = held.slice(0, 5)
    held.release(5, true)
    held.add(Buffer.from('other'))
    expect(unsent.toString()).toBe('first')
  })
})

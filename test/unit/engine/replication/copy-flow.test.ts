import { describe, expect, it } from 'vitest'
import { CopyFlow } from '../../../../src/engine/replication/copy-flow.ts'

const A = Buffer.from('aaa')
const B = Buffer.from('bb')

describe('CopyFlow', () => {
  it('gives each reader everything from its place on, in order', () => {
    const flow = new CopyFlow()
    const first = flow.reader()
    flow.append(A)
    const second = flow.reader()
    flow.append(B)
    expect([first, second].map((reader) => reader.waitingBytes)).toEqual([5, 2])
    expect([first.next(), first.next(), first.next()]).toEqual([A, B, undefined])
    expect(second.next()).toEqual(B)
  })

  it('is at its end when all is read and nothing comes any more', () => {
    const flow = new CopyFlow()
    const reader = flow.reader()
    flow.append(A)
    reader.next()
    expect(reader.isAtEnd).toBe(false)
    flow.append(B)
    flow.complete()
    expect(reader.isAtEnd).toBe(false)
    reader.next()
    expect(reader.isAtEnd).toBe(true)
  })
})

import { describe, expect, it } from 'vitest'
import { CopyPipe } from '../../../../src/engine/replication/copy-pipe.ts'

const MIB = 1_024 * 1_024

function read(pipe: CopyPipe, length: number): string {
  const target = Buffer.alloc(length)
  return target.toString('latin1', 0, pipe.read(target, 0, length))
}

async function isSettled(promise: Promise<void>): Promise<boolean> {
  return Promise.race([promise.then(() => true), Promise.resolve().then(() => false)])
}

describe('CopyPipe', () => {
  it('gives what has come, in order, and nothing while nothing has', () => {
    const pipe = new CopyPipe()
    expect(read(pipe, 4)).toBe('')
    pipe.write(Buffer.from('abc'))
    pipe.write(Buffer.from('def'))
    expect([read(pipe, 2), read(pipe, 2), read(pipe, 9), read(pipe, 9)]).toEqual([
      'ab',
      'c',
      'def',
      '',
    ])
    expect(pipe.isOpen).toBe(true)
  })

  it('ends where the copy does, whatever came behind it', () => {
    const pipe = new CopyPipe()
    pipe.write(Buffer.from('abcMARK'))
    expect(read(pipe, 1)).toBe('a')
    pipe.complete(3)
    expect([read(pipe, 9), read(pipe, 9), pipe.isOpen]).toEqual(['bc', '', false])
  })

  it('is full at a MiB, and tells when it has room again', () => {
    const pipe = new CopyPipe()
    let calls = 0
    pipe.onRoom(() => {
      calls += 1
    })
    pipe.write(Buffer.alloc(MIB - 1))
    expect(pipe.isFull).toBe(false)
    pipe.write(Buffer.alloc(1))
    expect([pipe.isFull, calls]).toEqual([true, 0])
    read(pipe, 1)
    expect([pipe.isFull, calls]).toEqual([false, 1])
  })

  it('takes more than a MiB for who waits for more', async () => {
    const pipe = new CopyPipe()
    pipe.write(Buffer.alloc(MIB))
    const arrival = pipe.arrival(MIB + 2)
    expect(pipe.isFull).toBe(false)
    pipe.write(Buffer.alloc(1))
    expect(await isSettled(arrival)).toBe(false)
    pipe.write(Buffer.alloc(1))
    await arrival
    expect(pipe.isFull).toBe(true)
  })

  it.each<[string, (pipe: CopyPipe) => void]>([
    ['the copy is whole', (pipe) => pipe.complete(1)],
    ['it is given up', (pipe) => pipe.discard()],
  ])('lets nobody wait on when %s', async (_when, end) => {
    const pipe = new CopyPipe()
    pipe.write(Buffer.alloc(1))
    const arrival = pipe.arrival(100)
    end(pipe)
    await arrival
    expect(pipe.isOpen).toBe(false)
  })

  it('counts what it skips as having come', () => {
    const pipe = new CopyPipe()
    pipe.write(Buffer.from('abc'))
    pipe.skip()
    expect([pipe.arrivedBytes, read(pipe, 9)]).toEqual([3, ''])
  })
})

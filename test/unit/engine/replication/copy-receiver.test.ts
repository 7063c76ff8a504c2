import { describe, expect, it } from 'vitest'
import { CopyPipe } from '../../../../src/engine/replication/copy-pipe.ts'
import { CopyReceiver } from '../../../../src/engine/replication/copy-receiver.ts'

const MARK = '0123456789'.repeat(4)

function stored(store: CopyPipe): string {
  const source = store.source()
  const pieces: string[] = []
  const target = Buffer.alloc(7)
  for (let read = source.read(target, 0, 7); read > 0; read = source.read(target, 0, 7)) {
    pieces.push(target.toString('latin1', 0, read))
  }
  return pieces.join('')
}

function receive(
  head: string,
  pieces: readonly string[],
): { readonly receiver: CopyReceiver; readonly store: CopyPipe; readonly taken: number[] } {
  const store = new CopyPipe()
  const receiver = new CopyReceiver(store)
  expect(receiver.begin(head)).toBe(true)
  const taken = pieces.map((piece) => receiver.receive(Buffer.from(piece)))
  return { receiver, store, taken }
}

describe('CopyReceiver', () => {
  it('takes as many bytes as were announced, and leaves the stream behind them', () => {
    const { receiver, store, taken } = receive('$10', ['01234', '56789*1\r\n'])
    expect(taken).toEqual([5, 5])
    expect(receiver.finish()).toBe(true)
    expect(stored(store)).toBe('0123456789')
  })

  it('is not complete a byte too early', () => {
    expect(receive('$10', ['012345678']).receiver.finish()).toBe(false)
  })

  it.each([1, 3, 39, 40, 41, 100])('finds the end mark in pieces of %d bytes', (size) => {
    const all = `REDIS${'x'.repeat(90)}${MARK}`
    const pieces = all.match(new RegExp(`.{1,${size}}`, 'g')) ?? []
    const { receiver, store } = receive(`$EOF:${MARK}`, pieces.slice(0, -1))
    expect(receiver.finish()).toBe(false)
    receiver.receive(Buffer.from(pieces.at(-1) ?? ''))
    expect(receiver.finish()).toBe(true)
    expect(stored(store)).toBe(`REDIS${'x'.repeat(90)}`)
  })

  it.each(['', '-ERR no', '$', '$EOF:short', '$12x', '+OK'])('refuses "%s"', (line) => {
    expect(new CopyReceiver(new CopyPipe()).begin(line)).toBe(false)
  })
})

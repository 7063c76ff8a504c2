import { describe, expect, it } from 'vitest'
import { Propagation, type SinkKind } from '../../../../src/engine/execution/propagation.ts'
import { ArgumentVector } from '../../../../src/engine/protocol/argument-vector.ts'
import { decodeCommand } from '../../../../src/engine/protocol/command-decoder.ts'

function heardBy(kind: SinkKind): { propagation: Propagation; heard: string[] } {
  const propagation = new Propagation()
  const heard: string[] = []
  propagation.addSink((index, bytes, start, end) => {
    heard.push(`${index}: ${decodeCommand(bytes, start, end).join(' ')}`)
  }, kind)
  return { propagation, heard }
}

describe('Propagation', () => {
  it('tells one effect of a command as it is', () => {
    const { propagation, heard } = heardBy('log')
    propagation.hold()
    propagation.emit(0, ['SET', 'a', 1])
    expect(heard).toEqual([])
    propagation.release()
    expect(heard).toEqual(['0: SET a 1'])
  })

  it('tells two effects of a command between MULTI and EXEC', () => {
    const { propagation, heard } = heardBy('log')
    propagation.hold()
    propagation.emit(3, ['SET', 'a', 1])
    propagation.emit(4, ['DEL', 'b'])
    propagation.release()
    expect(heard).toEqual(['3: MULTI', '3: SET a 1', '4: DEL b', '4: EXEC'])
  })

  it('tells at once what no command did', () => {
    const { propagation, heard } = heardBy('log')
    propagation.removed(0, Buffer.from('a'))
    propagation.removed(0, Buffer.from('b'))
    expect(heard).toEqual(['0: DEL a', '0: DEL b'])
  })

  it('keeps messages from a log, and from the count that makes a transaction', () => {
    const { propagation, heard } = heardBy('log')
    propagation.hold()
    propagation.message(0, ['PUBLISH', 'a', 'b'])
    propagation.emit(0, ['SET', 'a', 1])
    propagation.release()
    expect(heard).toEqual(['0: SET a 1'])
  })

  it('tells replicas of messages', () => {
    const { propagation, heard } = heardBy('replica')
    propagation.hold()
    propagation.message(0, ['PUBLISH', 'a', 'b'])
    propagation.release()
    expect(heard).toEqual(['0: PUBLISH a b'])
  })

  it('holds copies of bytes that change before they are told', () => {
    const { propagation, heard } = heardBy('log')
    const argv = new ArgumentVector()
    argv.load(['SET', 'a', '1'])
    propagation.hold()
    propagation.asReceived(0, argv)
    argv.load(['GET', 'b', '2'])
    propagation.release()
    expect(heard).toEqual(['0: SET a 1'])
  })

  it('counts changes, messages and removals not', () => {
    const { propagation } = heardBy('log')
    propagation.emit(0, ['SET', 'a', 1])
    propagation.message(0, ['PUBLISH', 'a', 'b'])
    propagation.removed(0, Buffer.from('a'))
    expect(propagation.changes).toBe(1)
  })
})

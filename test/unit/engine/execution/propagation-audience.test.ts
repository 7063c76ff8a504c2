import { beforeEach, describe, expect, it } from 'vitest'
import { AUDIENCE, Propagation } from '../../../../src/engine/execution/propagation.ts'
import { decodeCommand } from '../../../../src/engine/protocol/command-decoder.ts'

describe('Propagation', () => {
  let propagation: Propagation
  let log: string[]
  let replica: string[]

  beforeEach(() => {
    propagation = new Propagation()
    log = []
    replica = []
    propagation.addSink((_index, ...effect) => log.push(decodeCommand(...effect).join(' ')), 'log')
    propagation.addSink(
      (_index, ...effect) => replica.push(decodeCommand(...effect).join(' ')),
      'replica',
    )
  })

  it('tells two effects of one command between MULTI and EXEC', () => {
    propagation.hold()
    propagation.emit(0, ['SET', 'a', '1'])
    propagation.emit(0, ['SET', 'b', '2'])
    expect(log).toEqual([])
    propagation.release()
    expect(log).toEqual(['MULTI', 'SET a 1', 'SET b 2', 'EXEC'])
  })

  it('holds what an interrupted script did until it has ended, whoever is answered meanwhile', () => {
    propagation.hold()
    propagation.emit(0, ['SET', 'a', '1'])
    propagation.interrupt(true)
    propagation.release()
    propagation.hold()
    propagation.release()
    expect(log).toEqual([])
    propagation.interrupt(false)
    propagation.emit(0, ['SET', 'b', '2'])
    propagation.release()
    expect(log).toEqual(['MULTI', 'SET a 1', 'SET b 2', 'EXEC'])
  })

  it('tells only those a script wants to be told', () => {
    propagation.hold()
    propagation.audience = AUDIENCE.log
    propagation.emit(0, ['SET', 'log', '1'])
    propagation.audience = AUDIENCE.replica
    propagation.emit(0, ['SET', 'replica', '1'])
    propagation.audience = AUDIENCE.none
    propagation.emit(0, ['SET', 'nobody', '1'])
    propagation.message(0, ['PUBLISH', 'c', 'nobody'])
    propagation.audience = AUDIENCE.all
    propagation.message(0, ['PUBLISH', 'c', 'm'])
    propagation.release()
    expect(log).toEqual(['SET log 1'])
    expect(replica).toEqual(['MULTI', 'SET replica 1', 'PUBLISH c m', 'EXEC'])
  })
})

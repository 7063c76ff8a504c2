import { beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../../src/engine/index.ts'
import { EmbeddedStore, type Procedure, type ProcedureDatabase } from '../../../src/store/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { withBlocks } from '../../support/refuse-memory.ts'

const [FIRST, SECOND] = [Buffer.from('first'), Buffer.from('second')]
const VALUE = Buffer.from('value')

function procedure<Result>(
  run: (database: ProcedureDatabase) => number,
  decode: (reply: unknown) => Result,
): Procedure<Result> {
  return { name: 'test', lua: 'return 0', run, decode }
}

describe('a procedure of the embedded store', () => {
  let clock: FakeClock
  let engine: Engine
  let store: EmbeddedStore
  let effects: string[]

  beforeEach(() => {
    clock = new FakeClock()
    engine = new Engine({ clock })
    store = new EmbeddedStore(engine.client())
    effects = []
    engine.onEffect((_index, effect) => void effects.push(effect.join(' ')))
  })

  function run(work: (database: ProcedureDatabase) => void): void {
    store.run(
      procedure(
        (database) => {
          work(database)
          return 0
        },
        () => undefined,
      ),
      [],
      [],
    )
  }

  it('with two writes is told between MULTI and EXEC', () => {
    run((database) => {
      database.set(FIRST, VALUE)
      database.set(SECOND, VALUE)
    })
    expect(effects).toEqual(['MULTI', 'SET first value', 'SET second value', 'EXEC'])
  })

  it('with one write is told as that, and with none not at all', () => {
    run((database) => database.set(FIRST, VALUE))
    run((database) => database.get(FIRST))
    expect(effects).toEqual(['SET first value'])
  })

  it('is told with what has expired when it looked', () => {
    run((database) => database.set(FIRST, VALUE, 10))
    clock.advance(20)
    run((database) => {
      if (database.get(FIRST) === undefined) database.set(SECOND, VALUE)
    })
    expect(effects.slice(1)).toEqual(['MULTI', 'DEL first', 'SET second value', 'EXEC'])
  })

  it('that fails in the middle is told as far as it came, and the next one by itself', () => {
    const fail = (): void =>
      run((database) => {
        database.set(FIRST, VALUE)
        database.set(SECOND, VALUE)
      })
    // Of the command that got no memory it is told that it has left nothing.
    expect(() => withBlocks(1, fail)).toThrow('OOM')
    expect(effects).toEqual(['MULTI', 'SET first value', 'DEL second', 'EXEC'])
    effects.length = 0
    clock.advance(1_000)
    run((database) => database.set(SECOND, VALUE))
    expect(effects).toEqual(['SET second value'])
  })

  it('takes those whom it serves into its piece', async () => {
    const waiting = engine.client().callAsync('BLPOP', 'list', 0)
    const pushing = engine.client()
    pushing.beginStep()
    pushing.call('RPUSH', 'list', 'a')
    pushing.call('SET', 'first', 'value')
    expect(effects).toEqual([])
    pushing.endStep()
    expect(String(await waiting)).toBe('list,a')
    expect(effects).toEqual(['MULTI', 'RPUSH list a', 'LPOP list', 'SET first value', 'EXEC'])
  })
})

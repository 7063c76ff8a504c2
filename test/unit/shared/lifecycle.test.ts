import { describe, expect, it } from 'vitest'
import { type Startable, startInOrder, stopInReverse } from '../../../src/shared/lifecycle.ts'
import { type Logger, silentLogger } from '../../../src/shared/logger.ts'

/** Parts that write down what was asked of them. */
function recorded(names: readonly string[], failing?: string) {
  const calls: string[] = []
  const parts = names.map(
    (name): Startable => ({
      name,
      start: async () => {
        calls.push(`start ${name}`)
        if (name === failing) throw new Error(`${name} is broken`)
      },
      stop: async () => {
        calls.push(`stop ${name}`)
        if (name === failing) throw new Error(`${name} is broken`)
      },
    }),
  )
  return { calls, parts }
}

describe('startInOrder', () => {
  it('starts every part in the order given', async () => {
    const { calls, parts } = recorded(['store', 'gateway', 'admin'])
    await startInOrder(parts, silentLogger)
    expect(calls).toEqual(['start store', 'start gateway', 'start admin'])
  })

  it('stops what had started, in reverse, when a part fails, and throws its error', async () => {
    const { calls, parts } = recorded(['store', 'gateway', 'admin'], 'admin')
    await expect(startInOrder(parts, silentLogger)).rejects.toThrow('admin is broken')
    expect(calls.slice(3)).toEqual(['stop gateway', 'stop store'])
  })
})

describe('stopInReverse', () => {
  it('goes on after a part that fails, and logs it', async () => {
    const { calls, parts } = recorded(['store', 'gateway', 'admin'], 'gateway')
    const logged: unknown[] = []
    const log: Logger = { ...silentLogger, error: (fields) => logged.push(fields['part']) }
    await stopInReverse(parts, { log, deadlineMs: 1_000 })
    expect(calls).toEqual(['stop admin', 'stop gateway', 'stop store'])
    expect(logged).toEqual(['gateway'])
  })

  it('leaves a part behind that does not stop in time', async () => {
    const { calls, parts } = recorded(['store'])
    const stuck: Startable = {
      name: 'stuck',
      start: async () => undefined,
      stop: () => new Promise(() => undefined),
    }
    const logged: unknown[] = []
    const log: Logger = { ...silentLogger, error: (fields) => logged.push(fields['part']) }
    await stopInReverse([...parts, stuck], { log, deadlineMs: 1 })
    expect(logged).toEqual(['stuck'])
    expect(calls).toEqual(['stop store'])
  })
})

import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/shared/logger.ts'
import { runParts } from '../../../src/shared/run-parts.ts'

describe('run', () => {
  it('starts in order, waits for the signal and stops in reverse', async () => {
    const { events, part, options, controller } = setUp()
    await runParts([part('a'), part('b')], {
      ...options,
      onReady: () => {
        events.push('ready')
        controller.abort()
      },
    })
    expect(events).toEqual(['start a', 'start b', 'ready', 'stop b', 'stop a'])
  })

  it('stops what started when it is told to while starting', async () => {
    const { events, part, options, controller } = setUp()
    await runParts([part('a', () => controller.abort())], options)
    expect(events).toEqual(['start a', 'stop a'])
  })

  it('throws what kept a part from starting, after stopping the others', async () => {
    const { events, part, options } = setUp()
    const failing = part('b', () => {
      throw new Error('no room')
    })
    await expect(runParts([part('a'), failing], options)).rejects.toThrow('no room')
    expect(events).toEqual(['start a', 'start b', 'stop a'])
  })

  it('does not take a start that was interrupted for a failure', async () => {
    const { part, options, controller } = setUp()
    const interrupted = part('a', () => {
      controller.abort()
      throw new Error('interrupted')
    })
    await expect(runParts([interrupted], options)).resolves.toBeUndefined()
  })
})

function setUp() {
  const events: string[] = []
  const controller = new AbortController()
  const part = (name: string, onStart: () => void = () => undefined) => ({
    name,
    start: async () => {
      events.push(`start ${name}`)
      onStart()
    },
    stop: async () => {
      events.push(`stop ${name}`)
    },
  })
  const options = {
    log: silentLogger,
    stopSignal: controller.signal,
    stopDeadlineMs: 1_000,
    onReady: () => undefined,
  }
  return { events, controller, part, options }
}

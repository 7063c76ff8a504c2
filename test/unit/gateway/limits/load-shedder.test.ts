import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../../src/gateway/errors.ts'
import { LoadShedder } from '../../../../src/gateway/limits/load-shedder.ts'

/** What is admitted after each of the delays has been seen. */
function admittedAfter(delaysMs: readonly number[], eventLoopDelayMaxMs = 100): readonly boolean[] {
  let delayMs = 0
  const shedder = new LoadShedder({
    options: { eventLoopDelayMaxMs },
    delay: { start: () => undefined, stop: () => undefined, takeMs: () => delayMs },
  })
  return delaysMs.map((next) => {
    delayMs = next
    shedder.sample()
    return isAdmitted(shedder)
  })
}

function isAdmitted(shedder: LoadShedder): boolean {
  try {
    shedder.admit()
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toMatchObject({
      code: 'overloaded',
      status: 503,
      headers: { 'Retry-After': '1' },
    })
    return false
  }
}

describe('LoadShedder', () => {
  it('sheds from the second late sample in a row on', () => {
    expect(admittedAfter([101, 100, 101, 101])).toEqual([true, true, true, false])
  })

  it('goes on until four samples in a row are well below', () => {
    const calm = [50, 50, 50]
    expect(admittedAfter([200, 200, ...calm, 51, ...calm, 50])).toEqual([
      true,
      ...Array.from({ length: 8 }, () => false),
      true,
    ])
  })

  it('tells its state and counts what it shed', () => {
    const shedder = new LoadShedder({
      options: { eventLoopDelayMaxMs: 1 },
      delay: { start: () => undefined, stop: () => undefined, takeMs: () => 2 },
    })
    expect(shedder.snapshot()).toEqual({ isShedding: false, eventLoopDelayMs: 0, shed: 0 })
    shedder.sample()
    shedder.sample()
    expect([isAdmitted(shedder), isAdmitted(shedder)]).toEqual([false, false])
    expect(shedder.snapshot()).toEqual({ isShedding: true, eventLoopDelayMs: 2, shed: 2 })
  })

  it('measures nothing where it is off', () => {
    let starts = 0
    const delay = { start: () => (starts += 1), stop: () => undefined, takeMs: () => 0 }
    const off = new LoadShedder({ options: { eventLoopDelayMaxMs: 0 }, delay })
    off.start()
    off.stop()
    expect(starts).toBe(0)
  })
})

import { beforeEach, describe, expect, it } from 'vitest'
import { type Group, type Members, type Round, Settlement } from '../../../src/store/settlement.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const LEASE_MS = 1_000
/** With what two clocks may differ. */
const WAIT_MS = 1_100

describe('a settlement', () => {
  let clock: FakeClock
  let timers: Set<{ readonly atMs: number; readonly run: () => void }>
  let group: FakeGroup

  beforeEach(() => {
    clock = new FakeClock()
    timers = new Set()
    group = new FakeGroup()
  })

  const after = (ms: number, run: () => void) => {
    const timer = { atMs: clock.monotonicMs() + ms, run }
    timers.add(timer)
    return () => timers.delete(timer)
  }

  const open = (members?: Members): Settlement =>
    new Settlement(group, members, { clock, leaseMs: LEASE_MS, after })

  /** Steps as small as any that is waited for. */
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 5) {
      await turn()
      clock.advance(5)
      for (const timer of timers) {
        if (timer.atMs > clock.monotonicMs()) continue
        timers.delete(timer)
        timer.run()
      }
    }
    await turn()
  }

  function watched(settlement: Settlement) {
    const state: { isSettled: boolean; isSamePrimary?: boolean } = { isSettled: false }
    void settlement.settle().then((isSamePrimary) => {
      state.isSettled = true
      state.isSamePrimary = isSamePrimary
    })
    return state
  }

  it('is over as soon as all have answered that have been there for a lease', async () => {
    const settlement = open({ online: 1, identity: 'one' })
    group.present = { online: 1, identity: 'one' }
    const state = watched(settlement)
    await turn()
    expect(state.isSettled).toBe(false)
    group.answer(1)
    await turn()
    expect(state).toEqual({ isSettled: true, isSamePrimary: true })
    expect(settlement.lateCount).toBe(0)
  })

  it.each([
    [WAIT_MS - 5, false],
    [WAIT_MS, true],
  ])(
    'waits for one that does not answer, but no longer than a lease: after %i ms %s',
    async (ms, isSettled) => {
      const settlement = open({ online: 1, identity: 'one' })
      group.present = { online: 1, identity: 'one' }
      const state = watched(settlement)
      await pass(ms)
      expect(state.isSettled).toBe(isSettled)
      expect(settlement.lateCount).toBe(isSettled ? 1 : 0)
    },
  )

  it.each([
    [WAIT_MS - 5, false],
    [WAIT_MS, true],
  ])('waits for the lease of one that has gone: after %i ms %s', async (ms, isSettled) => {
    const settlement = open({ online: 1, identity: 'one' })
    group.present = { online: 0, identity: 'none' }
    await settlement.look()
    const state = watched(settlement)
    await turn()
    group.answer(0)
    await pass(ms)
    expect(state.isSettled).toBe(isSettled)
  })

  it('is no matter of waiting once nobody has been there for a lease', async () => {
    const settlement = open({ online: 1, identity: 'one' })
    const none = { online: 0, identity: 'none' }
    expect(settlement.isAlone(none)).toBe(false)
    clock.advance(WAIT_MS - 1)
    expect(settlement.isAlone(none)).toBe(false)
    clock.advance(1)
    expect(settlement.isAlone(none)).toBe(true)
  })

  it('has nobody to wait for where nobody ever was', () => {
    const none = { online: 0, identity: 'none' }
    expect(open(none).isAlone(none)).toBe(true)
  })

  it('asks once for all who wait, after what is under way', async () => {
    const settlement = open({ online: 1, identity: 'one' })
    group.present = { online: 1, identity: 'one' }
    const first = watched(settlement)
    await turn()
    const others = [watched(settlement), watched(settlement)]
    await turn()
    expect(group.asked).toBe(1)
    group.answer(1)
    await turn()
    expect(first.isSettled).toBe(true)
    expect(others.map(({ isSettled }) => isSettled)).toEqual([false, false])
    expect(group.asked).toBe(2)
    group.answer(1)
    await turn()
    expect(others.map(({ isSettled }) => isSettled)).toEqual([true, true])
  })

  it('takes no word of another primary for what was written to the one before', async () => {
    const settlement = open({ online: 1, identity: 'one' })
    group.present = { online: 1, identity: 'one' }
    const state = watched(settlement)
    await turn()
    const other = new FakeGroup()
    settlement.moveTo(other)
    group.answer(1)
    await pass(WAIT_MS - 5)
    expect(other.asked).toBe(0)
    expect(state.isSettled).toBe(false)
    await pass(5)
    expect(state).toEqual({ isSettled: true, isSamePrimary: false })
  })

  it('tries again when the primary cannot be asked', async () => {
    const settlement = open({ online: 1, identity: 'one' })
    group.present = { online: 1, identity: 'one' }
    const state = watched(settlement)
    await turn()
    group.fail()
    await pass(20)
    expect(group.asked).toBe(2)
    group.answer(1)
    await turn()
    expect(state.isSettled).toBe(true)
  })
})

/** Answers when it is told to. */
class FakeGroup implements Group {
  present: Members = { online: 0, identity: 'none' }
  asked = 0
  #resolve: (round: Round) => void = () => undefined
  #reject: (error: Error) => void = () => undefined

  members(): Members {
    return this.present
  }

  wait(): Promise<Round> {
    this.asked += 1
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  answer(acknowledged: number): void {
    this.#resolve({ acknowledged, members: this.present })
  }

  fail(): void {
    this.#reject(new Error('the connection was lost'))
  }
}

/** Lets all promises that are ready go on. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

import { beforeEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/shared/random.ts'
import type { EmbeddedStore } from '../../../src/store/index.ts'
import { BEAT_KEY_PREFIX, ReplicaLease } from '../../../src/store/replica-lease.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { openStore } from '../../support/open-store.ts'
import { recordingStore } from '../../support/recording-store.ts'

const LEASE_MS = 1_000

describe('the lease of a replica', () => {
  let clock: FakeClock
  let local: EmbeddedStore
  let primary: ReturnType<typeof recordingStore>
  let replication: { isLinked: boolean; linkCount: number }
  let lease: ReplicaLease

  beforeEach(() => {
    clock = new FakeClock()
    local = openStore(clock)
    primary = recordingStore(openStore(clock))
    replication = { isLinked: true, linkCount: 1 }
    lease = new ReplicaLease({
      local,
      replication,
      primary,
      clock,
      random: seededRandom(1),
      leaseMs: LEASE_MS,
    })
  })

  /** The stream brings what was written to the primary last. */
  function arrives(): void {
    const [key, value] = primary.arguments().slice(-2)
    if (key === undefined || value === undefined) throw new Error('nothing was written')
    expect(key.toString()).toMatch(new RegExp(`^${BEAT_KEY_PREFIX}`))
    local.set(key, value)
  }

  it('is not held before a beat has come back', async () => {
    expect(lease.isHeld).toBe(false)
    await lease.beat()
    expect(lease.isHeld).toBe(false)
    arrives()
    expect(lease.isHeld).toBe(true)
  })

  it.each([
    [LEASE_MS - 1, true],
    [LEASE_MS, false],
  ])(
    'begins when the beat was sent, however late it comes: after %i ms held: %s',
    async (ms, isHeld) => {
      await lease.beat()
      clock.advance(ms)
      arrives()
      expect(lease.isHeld).toBe(isHeld)
    },
  )

  it('goes on with the next beat', async () => {
    await lease.beat()
    arrives()
    clock.advance(LEASE_MS / 2)
    await lease.beat()
    arrives()
    clock.advance(LEASE_MS - 1)
    expect(lease.isHeld).toBe(true)
    clock.advance(1)
    expect(lease.isHeld).toBe(false)
  })

  it('ends with the link, and does not come back with another one', async () => {
    await lease.beat()
    arrives()
    replication.isLinked = false
    expect(lease.isHeld).toBe(false)
    replication.isLinked = true
    replication.linkCount = 2
    expect(lease.isHeld).toBe(false)
    await lease.beat()
    arrives()
    expect(lease.isHeld).toBe(true)
  })

  it('takes no beat that was sent over another link', async () => {
    await lease.beat()
    replication.linkCount = 2
    await lease.beat()
    const [key, , second] = [primary.arguments().at(-2), 0, primary.arguments().at(-1)]
    expect(second?.toString()).toBe('2')
    if (key !== undefined) local.set(key, Buffer.from('1'))
    expect(lease.isHeld).toBe(false)
  })

  it('sends nothing while there is no link', async () => {
    replication.isLinked = false
    await lease.beat()
    expect(primary.calls).toBe(0)
  })
})

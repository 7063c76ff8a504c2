import { beforeEach, describe, expect, it } from 'vitest'
import type { NoRole, PrimaryAddress, RoleReport } from '../../../src/store/index.ts'
import { RivalWatch, type RivalWatchOptions } from '../../../src/store/rival-watch.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const LEASE_MS = 1_000
const OWN = 'the history of this one'
const first = { host: 'first', port: 1 }
const second = { host: 'second', port: 2 }

const promoted: RoleReport = {
  follows: undefined,
  replicationId: 'another',
  formerReplicationId: OWN,
}
const follower: RoleReport = {
  follows: first,
  replicationId: OWN,
  formerReplicationId: undefined,
}

describe('a primary that looks after whether it is the only one', () => {
  let clock: FakeClock
  let replication: RivalWatchOptions['replication'] & {
    followers: PrimaryAddress[]
    departures: number
  }
  let departed: PrimaryAddress[]
  let reports: Map<string, RoleReport | NoRole>
  let asked: string[]
  let changes: (string | undefined)[]
  let watch: RivalWatch

  beforeEach(async () => {
    clock = new FakeClock()
    departed = []
    replication = {
      followers: [first],
      departures: 0,
      departedSince: (departures) => departed.slice(departures),
      replicationId: OWN,
    }
    reports = new Map()
    asked = []
    changes = []
    watch = new RivalWatch({
      replication,
      ask: ({ host }) => {
        asked.push(host)
        return Promise.resolve(reports.get(host) ?? 'unreachable')
      },
      clock,
      leaseMs: LEASE_MS,
      onChange: () => changes.push(watch.rival?.host),
    })
    await watch.look()
  })

  function leaves(): void {
    const { followers } = replication
    replication.followers = []
    goes(...followers)
  }

  function goes(...followers: readonly PrimaryAddress[]): void {
    departed.push(...followers)
    replication.departures = departed.length
  }

  it('asks nobody while those that follow it do', async () => {
    clock.advance(LEASE_MS - 1)
    expect(watch.isSure).toBe(true)
    await watch.look()
    expect(asked).toEqual([])
  })

  it('is not sure once one has gone, until that one has said what it is', async () => {
    leaves()
    expect(watch.isSure).toBe(false)
    reports.set('first', { ...follower, follows: second })
    await watch.look()
    expect(asked).toEqual(['first'])
    expect(watch.isSure).toBe(true)
    expect(changes).toEqual([])
  })

  it('is sure of nothing that is written while one that has gone takes itself for a follower', async () => {
    leaves()
    reports.set('first', { ...follower, follows: { host: 'this one', port: 1 } })
    await watch.look()
    expect([watch.isSure, watch.isSureOfWrites]).toEqual([true, false])
    reports.set('first', promoted)
    const finding = watch.findOut()
    expect(watch.isSureOfWrites).toBe(false)
    await finding
    expect(watch.rival).toEqual(first)
  })

  it('is sure of what is written when that one follows again, cannot be reached, or follows one that does', async () => {
    const reported = { ...follower, follows: { host: 'this one', port: 1 } }
    leaves()
    reports.set('first', reported)
    await watch.look()
    replication.followers = [first]
    clock.advance(LEASE_MS)
    await watch.look()
    expect(watch.isSureOfWrites).toBe(true)

    leaves()
    await watch.look()
    expect(watch.isSureOfWrites).toBe(false)
    reports.delete('first')
    await watch.look()
    expect(watch.isSureOfWrites).toBe(true)

    replication.followers = [second]
    reports.set('first', { ...follower, follows: second })
    await watch.look()
    expect(watch.isSureOfWrites).toBe(true)
  })

  it('takes one that cannot be reached for dead, and asks it again', async () => {
    leaves()
    await watch.look()
    expect(watch.isSure).toBe(true)
    reports.set('first', promoted)
    await watch.look()
    expect(watch.rival).toEqual(first)
    expect(watch.isSure).toBe(false)
  })

  it('is not sure for ten leases of one that takes the question and does not answer', async () => {
    leaves()
    reports.set('first', 'silent')
    await watch.look()
    for (let tenths = 0; tenths < 99; tenths += 1) {
      clock.advance(LEASE_MS / 10)
      await watch.look()
      expect(watch.isSure).toBe(false)
    }
    clock.advance(LEASE_MS / 10)
    await watch.look()
    expect(watch.isSure).toBe(true)
  })

  it('finds the one that whoever has gone follows now', async () => {
    leaves()
    reports.set('first', { ...promoted, follows: second })
    reports.set('second', promoted)
    await watch.look()
    expect(asked).toEqual(['first', 'second'])
    expect(changes).toEqual(['second'])
  })

  it('is no rival of one that was started anew, with nothing of what is here', async () => {
    leaves()
    reports.set('first', { ...promoted, formerReplicationId: undefined })
    await watch.look()
    expect(watch.isSure).toBe(true)
    reports.set('first', { ...follower, follows: second, replicationId: 'third' })
    reports.set('second', { ...promoted, formerReplicationId: undefined })
    await watch.look()
    expect(watch.rival).toBeUndefined()
  })

  it('finds one that was made a primary before it had its first copy', async () => {
    leaves()
    reports.set('first', { ...promoted, formerReplicationId: 'its own' })
    await watch.look()
    expect(watch.rival).toEqual(first)
  })

  it('asks even one that came and went between two looks', async () => {
    goes(second)
    reports.set('second', promoted)
    await watch.look()
    expect(watch.rival).toEqual(second)
  })

  it('is no rival of one that never followed it and has nothing of what is here', async () => {
    leaves()
    reports.set('first', { ...follower, follows: second, replicationId: 'third' })
    reports.set('second', { ...promoted, formerReplicationId: 'its own' })
    await watch.look()
    expect(watch.rival).toBeUndefined()
    expect(watch.isSure).toBe(true)
  })

  it('asks even those that seem to follow it when it has stood still for a lease', async () => {
    clock.advance(LEASE_MS)
    expect(watch.isSure).toBe(false)
    reports.set('first', promoted)
    await watch.look()
    expect(changes).toEqual(['first'])
  })

  it('is not sure by answers from before it stood still once more, or another one went', async () => {
    clock.advance(LEASE_MS)
    const looking = watch.look()
    clock.advance(LEASE_MS)
    await watch.look()
    await looking
    expect(watch.isSure).toBe(false)
    await watch.look()
    expect(watch.isSure).toBe(true)
    clock.advance(1)
    leaves()
    const asking = watch.look()
    goes(first)
    const finding = watch.findOut()
    await asking
    expect(watch.isSure).toBe(false)
    await finding
    expect(watch.isSure).toBe(true)
  })

  it('is the only one again when the other one follows somebody, or is silent for ten leases', async () => {
    leaves()
    reports.set('first', promoted)
    await watch.look()
    reports.delete('first')
    clock.advance(10 * LEASE_MS - 1)
    await watch.look()
    expect(watch.rival).toEqual(first)
    clock.advance(1)
    await watch.look()
    expect(changes).toEqual(['first', undefined])

    reports.set('first', promoted)
    await watch.look()
    reports.set('first', { ...follower, follows: second })
    await watch.look()
    expect(changes).toEqual(['first', undefined, 'first', undefined])
    await watch.look()
    expect(watch.isSure).toBe(true)
  })

  it('forgets all when it becomes a primary anew', async () => {
    leaves()
    reports.set('first', promoted)
    await watch.look()
    watch.begin()
    expect(watch.rival).toBeUndefined()
    expect(watch.isSure).toBe(true)
    asked = []
    await watch.look()
    expect(asked).toEqual([])
  })

  it('takes no notice of what was asked before it became a replica', async () => {
    leaves()
    reports.set('first', promoted)
    const looking = watch.look()
    watch.begin()
    await looking
    expect(watch.rival).toBeUndefined()
    expect(changes).toEqual([])
  })

  it('looks after the last sixteen', async () => {
    for (let port = 1; port <= 20; port += 1) {
      replication.followers = [{ host: `replica-${port}`, port }]
      await watch.look()
    }
    asked = []
    leaves()
    await watch.look()
    expect(asked).toHaveLength(16)
    expect(asked).not.toContain('replica-4')
    expect(asked).toContain('replica-5')
  })
})

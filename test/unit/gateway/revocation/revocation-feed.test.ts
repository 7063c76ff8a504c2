import { describe, expect, it } from 'vitest'
import { revocationLogKey } from '../../../../src/gateway/keys.ts'
import { parseRevocationLog } from '../../../../src/gateway/revocation/announce.ts'
import { Denials } from '../../../../src/gateway/revocation/denials.ts'
import { RevocationFeed } from '../../../../src/gateway/revocation/revocation-feed.ts'
import { silentLogger } from '../../../../src/shared/logger.ts'
import { systemRandom } from '../../../../src/shared/random.ts'
import type { Store } from '../../../../src/store/index.ts'
import { failingStore } from '../../../support/failing-store.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { openStore } from '../../../support/open-store.ts'

const DAY_MS = 86_400_000

/** A gateway as far as revocations go, and what it heard. */
function gateway(store: Store, clock: FakeClock) {
  const feed = new RevocationFeed({ store, clock, log: silentLogger })
  const denials = new Denials({ store, feed, random: systemRandom, lifeMs: DAY_MS })
  const heard: string[] = []
  feed.listen({
    revoked: ({ kind, value }) => heard.push(`${kind} ${value}`),
    missed: () => heard.push('missed'),
  })
  return { feed, denials, heard }
}

describe('RevocationFeed', () => {
  it('tells every gateway of the store, in order and once', async () => {
    const clock = new FakeClock()
    const store = openStore(clock)
    const [here, there] = [gateway(store, clock), gateway(store, clock)]
    await Promise.all([here.feed.catchUp(), there.feed.catchUp()])
    await here.denials.deny({ kind: 'user', digest: 'u1' })
    await here.denials.deny({ kind: 'token', digest: 't1' })
    await there.feed.catchUp()
    await there.feed.catchUp()
    await here.denials.deny({ kind: 'everyone' })
    await there.feed.catchUp()
    // Nobody knows what was revoked before the first reading.
    const all = ['missed', 'user u1', 'token t1', 'everyone ']
    expect(here.heard).toEqual(all)
    expect(there.heard).toEqual(all)
  })

  it('says so when the log does not reach back to what was read', async () => {
    const clock = new FakeClock()
    const store = openStore(clock)
    const [here, there] = [gateway(store, clock), gateway(store, clock)]
    await Promise.all([here.feed.catchUp(), there.feed.catchUp()])
    for (let count = 0; count < 1_000; count += 1) {
      await here.denials.deny({
        kind: 'user',
        digest: `user ${count}`.padEnd(43, '-').replace(' ', '-'),
      })
    }
    await there.feed.catchUp()
    expect(there.heard).toEqual(['missed', 'missed'])
    expect(here.heard).toHaveLength(1_001)
    const log = store.get(revocationLogKey())
    expect(log?.length).toBeLessThanOrEqual(32_768 + 100)
    expect(parseRevocationLog(log ?? Buffer.alloc(0))).toMatchObject({
      sequence: 1_000,
      denials: 1_000,
    })
  })

  it.each([
    ['is lost', (store: Store) => store.delete([revocationLogKey()])],
    ['is another one', (store: Store) => store.set(revocationLogKey(), Buffer.from('ab 9 9\n'))],
    ['is no log', (store: Store) => store.set(revocationLogKey(), Buffer.from('what?'))],
  ])('says so when the log %s', async (_name, change) => {
    const clock = new FakeClock()
    const store = openStore(clock)
    const { feed, denials, heard } = gateway(store, clock)
    await feed.catchUp()
    await denials.deny({ kind: 'user', digest: 'u1' })
    await change(store)
    await feed.catchUp()
    expect(heard).toEqual(['missed', 'user u1', 'missed'])
    expect(denials.mayDeny).toBe(true)
  })

  it('is fresh for less than a second after a reading, and only then', async () => {
    const clock = new FakeClock()
    const store = failingStore(openStore(clock))
    const { feed } = gateway(store, clock)
    expect(feed.isFresh).toBe(false)
    await feed.catchUp()
    clock.advance(899)
    expect(feed.isFresh).toBe(true)
    clock.advance(1)
    expect(feed.isFresh).toBe(false)
    store.isDown = true
    await feed.catchUp()
    expect(feed.isFresh).toBe(false)
    store.isDown = false
    await feed.catchUp()
    expect(feed.isFresh).toBe(true)
  })

  it('misses nothing over an outage of the store', async () => {
    const clock = new FakeClock()
    const shared = openStore(clock)
    const cut = failingStore(shared)
    const [here, there] = [gateway(shared, clock), gateway(cut, clock)]
    await Promise.all([here.feed.catchUp(), there.feed.catchUp()])
    cut.isDown = true
    await here.denials.deny({ kind: 'user', digest: 'u1' })
    await there.feed.catchUp()
    expect(there.heard).toEqual(['missed'])
    cut.isDown = false
    await there.feed.catchUp()
    expect(there.heard).toEqual(['missed', 'user u1'])
  })
})

describe('Denials', () => {
  const subject = { tokenDigest: 't1', userDigest: 'u1', issuedAtMs: 1_000 }

  it('asks the store nothing as long as nothing was ever revoked', async () => {
    const clock = new FakeClock()
    const store = failingStore(openStore(clock))
    const { feed, denials } = gateway(store, clock)
    await feed.catchUp()
    store.isDown = true
    await expect(denials.refuse(subject)).resolves.toBeUndefined()
  })

  it.each([
    ['its token', { kind: 'token', digest: 't1' } as const],
    ['its user', { kind: 'user', digest: 'u1' } as const],
    ['everyone', { kind: 'everyone' } as const],
  ])('refuses for %s, and nobody else', async (_name, target) => {
    const clock = new FakeClock()
    const { denials } = gateway(openStore(clock), clock)
    const atMs = await denials.deny(target)
    expect(atMs).toBe(clock.nowMs())
    await expect(denials.refuse(subject)).rejects.toMatchObject({ code: 'token-revoked' })
    const other = { tokenDigest: 't2', userDigest: 'u2', issuedAtMs: atMs + 1 }
    await expect(denials.refuse(other)).resolves.toBeUndefined()
  })

  it('refuses of a user what was issued until the instant, and nothing later', async () => {
    const clock = new FakeClock()
    const { denials } = gateway(openStore(clock), clock)
    await denials.deny({ kind: 'user', digest: 'u1' }, 5_000)
    await expect(denials.refuse({ ...subject, issuedAtMs: 5_000 })).rejects.toThrow('revoked')
    await expect(denials.refuse({ ...subject, issuedAtMs: 5_001 })).resolves.toBeUndefined()
  })

  it('never takes back what was revoked until later', async () => {
    const clock = new FakeClock()
    const { denials } = gateway(openStore(clock), clock)
    await denials.deny({ kind: 'user', digest: 'u1' }, 9_000)
    expect(await denials.deny({ kind: 'user', digest: 'u1' }, 5_000)).toBe(9_000)
    await expect(denials.refuse({ ...subject, issuedAtMs: 9_000 })).rejects.toThrow('revoked')
  })

  it('forgets when no such token can live any more', async () => {
    const clock = new FakeClock()
    const { denials } = gateway(openStore(clock), clock)
    await denials.deny({ kind: 'user', digest: 'u1' })
    clock.advance(DAY_MS + 1)
    await expect(denials.refuse(subject)).resolves.toBeUndefined()
  })

  it('lets nobody in who cannot be looked up', async () => {
    const clock = new FakeClock()
    const store = failingStore(openStore(clock))
    const { denials } = gateway(store, clock)
    await denials.deny({ kind: 'user', digest: 'somebody-else' })
    store.isDown = true
    await expect(denials.refuse(subject)).rejects.toMatchObject({ code: 'store-unavailable' })
  })
})

import { describe, expect, it } from 'vitest'
import type { StoredSession } from '../../../../src/gateway/session/session-record.ts'
import { refreshToken, sessionToken } from '../../../../src/gateway/session/session-tokens.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { laterStore } from '../../../support/later-store.ts'
import { openStore } from '../../../support/open-store.ts'
import { loginOf, type SessionWorld, sessionWorld } from '../../../support/session-world.ts'

const same = async <T>(record: T): Promise<T> => record
const tokenOf = ({ record, state }: StoredSession): string => sessionToken(record.id, state)
const refreshOf = ({ record, state }: StoredSession): string => refreshToken(record.id, state)

function open(): SessionWorld & { readonly clock: FakeClock } {
  const clock = new FakeClock()
  return { ...sessionWorld(openStore(clock), clock), clock }
}

describe('SessionRefresher', () => {
  it('gives another id and another refresh token for the same session', async () => {
    const { sessions, refresher, statistics } = open()
    const before = await sessions.create(loginOf('7'))
    const after = await refresher.refresh(refreshOf(before), same)
    expect(after.record).toMatchObject({ id: before.record.id, userId: '7' })
    expect(tokenOf(after)).not.toBe(tokenOf(before))
    expect(refreshOf(after)).not.toBe(refreshOf(before))
    expect(await sessions.read(tokenOf(after))).toMatchObject({ userId: '7' })
    expect(statistics.events.get('refreshed')).toBe(1)
  })

  it('lets requests under way finish with the id from before, for ten seconds', async () => {
    const { sessions, refresher, clock } = open()
    const before = await sessions.create(loginOf('7'))
    await refresher.refresh(refreshOf(before), same)
    clock.advance(9_999)
    expect(await sessions.read(tokenOf(before))).toBeDefined()
    clock.advance(1)
    expect(await sessions.read(tokenOf(before))).toBeUndefined()
  })

  it('ends the id from before at once when the role changed', async () => {
    const { sessions, refresher } = open()
    const before = await sessions.create(loginOf('7'))
    const after = await refresher.refresh(refreshOf(before), async (record) => ({
      ...record,
      role: 'manager',
    }))
    expect(await sessions.read(tokenOf(before))).toBeUndefined()
    expect(await sessions.read(tokenOf(after))).toMatchObject({ role: 'manager' })
  })

  it('gives the same successor to whoever comes second, within ten seconds', async () => {
    const { sessions, refresher, statistics, clock } = open()
    const before = await sessions.create(loginOf('7'))
    const first = await refresher.refresh(refreshOf(before), same)
    clock.advance(9_999)
    const second = await refresher.refresh(refreshOf(before), same)
    expect([tokenOf(second), refreshOf(second)]).toEqual([tokenOf(first), refreshOf(first)])
    expect(statistics.events.get('replayed')).toBe(1)
    expect(await sessions.read(tokenOf(first))).toBeDefined()
  })

  it('gives the newest to whoever is several refreshes late, within ten seconds', async () => {
    const { sessions, refresher, clock } = open()
    const before = await sessions.create(loginOf('7'))
    const second = await refresher.refresh(refreshOf(before), same)
    clock.advance(4_000)
    const third = await refresher.refresh(refreshOf(second), same)
    clock.advance(5_000)
    expect(refreshOf(await refresher.refresh(refreshOf(before), same))).toBe(refreshOf(third))
  })

  it('ends the session, tokens and all, when one is used again after ten seconds', async () => {
    const { sessions, refresher, statistics, clock } = open()
    const before = await sessions.create(loginOf('7'))
    const after = await refresher.refresh(refreshOf(before), same)
    clock.advance(10_000)
    await expect(refresher.refresh(refreshOf(before), same)).rejects.toMatchObject({
      code: 'access-denied',
      status: 401,
    })
    expect(statistics.events.get('reused')).toBe(1)
    expect(await sessions.read(tokenOf(after))).toBeUndefined()
    await expect(refresher.refresh(refreshOf(after), same)).rejects.toMatchObject({
      code: 'access-denied',
    })
  })

  it('ends no session for a token that is made up', async () => {
    const { sessions, refresher, clock } = open()
    const before = await sessions.create(loginOf('7'))
    const after = await refresher.refresh(refreshOf(before), same)
    clock.advance(60_000)
    const { id } = after.record
    for (const token of [
      '',
      id,
      `${id}.0.${'a'.repeat(43)}`,
      `${id}.1.${'a'.repeat(43)}`,
      `${id}.9.${'a'.repeat(43)}`,
      refreshToken(id, { ...after.state, generation: 2 }),
      tokenOf(after),
    ]) {
      await expect(refresher.refresh(token, same), token).rejects.toMatchObject({ status: 401 })
    }
    expect(await sessions.read(tokenOf(after))).toBeDefined()
  })

  it('does not refresh what has ended', async () => {
    const { sessions, refresher } = open()
    const session = await sessions.create(loginOf('7'))
    await sessions.end(session.record)
    await expect(refresher.refresh(refreshOf(session), same)).rejects.toMatchObject({ status: 401 })
  })

  it('refreshes once when many come at the same time', async () => {
    const clock = new FakeClock()
    const store = laterStore(openStore(clock))
    const { sessions, refresher, statistics } = sessionWorld(store, clock)
    const before = await sessions.create(loginOf('7'))
    const all = await Promise.all(
      Array.from({ length: 50 }, () => refresher.refresh(refreshOf(before), same)),
    )
    expect(new Set(all.map(tokenOf)).size).toBe(1)
    expect(statistics.events.get('refreshed')).toBe(1)
    expect(statistics.events.get('replayed')).toBe(49)
  })

  it('loses no use that is noted at the same time', async () => {
    const clock = new FakeClock()
    const store = laterStore(openStore(clock))
    const { sessions, refresher } = sessionWorld(store, clock)
    const before = await sessions.create(loginOf('7'))
    clock.advance(60_000)
    const [, after] = await Promise.all([
      sessions.read(tokenOf(before)),
      refresher.refresh(refreshOf(before), same),
    ])
    expect(await sessions.read(tokenOf(after))).toBeDefined()
  })

  it('makes an id wear out that has to be renewed', async () => {
    const clock = new FakeClock()
    const world = sessionWorld(openStore(clock), clock, { idTtlMs: 60_000 })
    const before = await world.sessions.create(loginOf('7'))
    clock.advance(59_999)
    expect(await world.sessions.read(tokenOf(before))).toBeDefined()
    clock.advance(1)
    expect(await world.sessions.read(tokenOf(before))).toBeUndefined()
    const after = await world.refresher.refresh(refreshOf(before), same)
    expect(await world.sessions.read(tokenOf(after))).toBeDefined()
  })
})

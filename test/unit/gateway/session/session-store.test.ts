import { describe, expect, it } from 'vitest'
import { subjectDigest } from '../../../../src/gateway/identity/token-subject.ts'
import { SESSION_KEY_PREFIX } from '../../../../src/gateway/keys.ts'
import { sessionToken } from '../../../../src/gateway/session/session-tokens.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { laterStore } from '../../../support/later-store.ts'
import { openStore } from '../../../support/open-store.ts'
import { recordingStore } from '../../../support/recording-store.ts'
import { loginOf, sessionWorld } from '../../../support/session-world.ts'

const MINUTE_MS = 60_000

describe('SessionStore', () => {
  it('finds a session by what its cookie holds, and by nothing else', async () => {
    const clock = new FakeClock()
    const { sessions } = sessionWorld(openStore(clock), clock)
    const { record, state } = await sessions.create(loginOf('7'))
    const token = sessionToken(record.id, state)
    expect(await sessions.read(token)).toMatchObject({ id: record.id, userId: '7' })
    const last = token.endsWith('A') ? 'B' : 'A'
    for (const other of [
      `${token.slice(0, -1)}${last}`,
      `${'a'.repeat(22)}.${token.slice(23)}`,
      record.id,
      '',
      `${token} `,
      sessionToken(record.id, { ...state, generation: 1 }),
    ]) {
      expect(await sessions.read(other), other).toBeUndefined()
    }
  })

  it('keeps nothing in the store that could be read or shown', async () => {
    const clock = new FakeClock()
    const store = recordingStore(openStore(clock))
    const { sessions } = sessionWorld(store, clock)
    const { record, state } = await sessions.create(loginOf('somebody@example.com'))
    const written = JSON.stringify(store.arguments().map((bytes) => bytes.toString('latin1')))
    const [, secret = ''] = sessionToken(record.id, state).split('.')
    for (const text of [secret, state.seed, 'somebody', record.token, 'a browser']) {
      expect(written).not.toContain(text)
    }
  })

  it('asks the store nothing for a session that it remembers, while the feed is fresh', async () => {
    const clock = new FakeClock()
    const store = recordingStore(openStore(clock))
    const { sessions, feed } = sessionWorld(store, clock)
    const { record, state } = await sessions.create(loginOf('7'))
    const token = sessionToken(record.id, state)
    await feed.catchUp()
    const first = await sessions.read(token)
    const before = store.calls
    for (let count = 0; count < 100; count += 1) expect(sessions.read(token)).toBe(first)
    expect(store.calls).toBe(before)
    clock.advance(901)
    await sessions.read(token)
    expect(store.calls).toBe(before + 1)
  })

  it('ends a session at once, and another gateway when it hears of it', async () => {
    const clock = new FakeClock()
    const store = laterStore(openStore(clock))
    const [here, there] = [sessionWorld(store, clock), sessionWorld(store, clock)]
    await Promise.all([here.feed.catchUp(), there.feed.catchUp()])
    const { record, state } = await here.sessions.create(loginOf('7'))
    const token = sessionToken(record.id, state)
    expect(await here.sessions.read(token)).toBeDefined()
    expect(await there.sessions.read(token)).toBeDefined()
    expect(await here.sessions.end(record)).toBe(true)
    expect(await here.sessions.read(token)).toBeUndefined()
    await there.feed.catchUp()
    expect(await there.sessions.read(token)).toBeUndefined()
    expect(await here.sessions.end(record)).toBe(false)
  })

  it('does not remember what was read while the session ended', async () => {
    const clock = new FakeClock()
    const store = laterStore(openStore(clock))
    const { sessions, feed } = sessionWorld(store, clock)
    await feed.catchUp()
    const { record, state } = await sessions.create(loginOf('7'))
    const token = sessionToken(record.id, state)
    const reading = sessions.read(token)
    const ending = sessions.end(record)
    await Promise.all([reading, ending])
    expect(await sessions.read(token)).toBeUndefined()
  })

  it('ends when it was not used for the idle timeout, and lives on when it was', async () => {
    const clock = new FakeClock()
    const { sessions } = sessionWorld(openStore(clock), clock, { idleTimeoutMs: 30 * MINUTE_MS })
    const { record, state } = await sessions.create(loginOf('7'))
    const token = sessionToken(record.id, state)
    for (let count = 0; count < 4; count += 1) {
      clock.advance(29 * MINUTE_MS)
      expect(await sessions.read(token)).toBeDefined()
    }
    clock.advance(31 * MINUTE_MS + 1)
    expect(await sessions.read(token)).toBeUndefined()
    expect(await sessions.get(record.id)).toBeUndefined()
  })

  it('ends at its latest end, however much it is used', async () => {
    const clock = new FakeClock()
    const { sessions } = sessionWorld(openStore(clock), clock, { ttlMs: 2 * 60 * MINUTE_MS })
    const { record, state } = await sessions.create(loginOf('7'))
    const token = sessionToken(record.id, state)
    for (let count = 0; count < 11; count += 1) {
      clock.advance(10 * MINUTE_MS)
      expect(await sessions.read(token)).toBeDefined()
    }
    clock.advance(10 * MINUTE_MS - 1)
    expect(await sessions.read(token)).toBeDefined()
    clock.advance(1)
    expect(await sessions.read(token)).toBeUndefined()
  })

  it('notes its use in the store once in a while, not with every request', async () => {
    const clock = new FakeClock()
    const store = recordingStore(openStore(clock))
    const { sessions, feed } = sessionWorld(store, clock)
    const { record, state } = await sessions.create(loginOf('7'))
    const token = sessionToken(record.id, state)
    clock.advance(MINUTE_MS)
    await feed.catchUp()
    await sessions.read(token)
    const runs = store.runs
    for (let count = 0; count < 50; count += 1) await sessions.read(token)
    expect(store.runs).toBe(runs)
    expect((await sessions.get(record.id))?.state.lastSeenAtMs).toBe(clock.nowMs())
  })

  it('keeps the record the same object while only its use is noted', async () => {
    const clock = new FakeClock()
    const { sessions, feed } = sessionWorld(openStore(clock), clock)
    const { record, state } = await sessions.create(loginOf('7'))
    const token = sessionToken(record.id, state)
    await feed.catchUp()
    const first = await sessions.read(token)
    clock.advance(MINUTE_MS)
    await feed.catchUp()
    await sessions.read(token)
    expect(await sessions.read(token)).toBe(first)
  })

  it('ends the oldest of too many sessions of a user, and none of another', async () => {
    const clock = new FakeClock()
    const { sessions, statistics } = sessionWorld(openStore(clock), clock, { perUserMax: 2 })
    const other = await sessions.create(loginOf('8'))
    const made = []
    for (let count = 0; count < 3; count += 1) made.push(await sessions.create(loginOf('7')))
    const alive = await sessions.list(subjectDigest('7'))
    expect(alive.map(({ record }) => record.id)).toEqual(
      made.slice(1).map(({ record }) => record.id),
    )
    expect(await sessions.get(made[0]?.record.id ?? '')).toBeUndefined()
    expect(await sessions.get(other.record.id)).toBeDefined()
    expect(statistics.events.get('displaced')).toBe(1)
  })

  it('bounds the sessions of a token that names no user, too', async () => {
    const clock = new FakeClock()
    const { sessions } = sessionWorld(openStore(clock), clock, { perUserMax: 1 })
    const subject = { tokenDigest: undefined, userDigest: undefined, issuedAtMs: 0 }
    const one = await sessions.create(loginOf('', { subject }))
    const other = await sessions.create(loginOf('', { subject }))
    expect(await sessions.get(one.record.id)).toBeUndefined()
    expect(await sessions.get(other.record.id)).toBeDefined()
  })

  it('lists only what is still there', async () => {
    const clock = new FakeClock()
    const { sessions } = sessionWorld(openStore(clock), clock)
    const one = await sessions.create(loginOf('7'))
    const other = await sessions.create(loginOf('7'))
    await sessions.end(one.record)
    const listed = await sessions.list(subjectDigest('7'))
    expect(listed.map(({ record }) => record.id)).toEqual([other.record.id])
  })

  it('makes no session of a token that was revoked while somebody signed in with it', async () => {
    const clock = new FakeClock()
    const { sessions, denials } = sessionWorld(openStore(clock), clock)
    const { subject } = loginOf('7')
    await denials.deny({ kind: 'user', digest: subjectDigest('7') })
    await expect(sessions.create(loginOf('7'))).rejects.toMatchObject({ code: 'token-revoked' })
    const later = { ...subject, issuedAtMs: clock.nowMs() + 1 }
    await expect(sessions.create(loginOf('7', { subject: later }))).resolves.toBeDefined()
  })

  it('puts all keys of sessions on one node of a cluster', () => {
    expect(SESSION_KEY_PREFIX).toContain('{sessions}')
  })
})

describe('SessionStore.replace', () => {
  it('never brings back a session that has ended', async () => {
    const clock = new FakeClock()
    const { sessions } = sessionWorld(openStore(clock), clock)
    const session = await sessions.create(loginOf('7'))
    await sessions.end(session.record)
    expect(await sessions.replace(session, { state: { lastSeenAtMs: 1 } })).toBe('gone')
    expect(await sessions.get(session.record.id)).toBeUndefined()
  })

  it('loses no change that came first', async () => {
    const clock = new FakeClock()
    const { sessions } = sessionWorld(openStore(clock), clock)
    const session = await sessions.create(loginOf('7'))
    const record = { ...session.record, role: 'manager' }
    expect(await sessions.replace(session, { record })).toMatchObject({ version: 2 })
    expect(await sessions.replace(session, { state: { lastSeenAtMs: 1 } })).toBe('changed')
    expect((await sessions.get(record.id))?.record.role).toBe('manager')
  })
})

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Admin, createAdmin } from '../../../src/admin/index.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { type Logger, silentLogger } from '../../../src/shared/logger.ts'
import { ask, send, textOf } from '../../support/ask.ts'
import { countingRows, EchoUpstream } from '../../support/echo-upstream.ts'
import { failingStore } from '../../support/failing-store.ts'
import { ADMIN_SECRET, gatewayOptions } from '../../support/gateway-options.ts'
import { openStore } from '../../support/open-store.ts'
import { bearer, type RunningGateway, startGateway } from '../../support/start-gateway.ts'

const SECRET = { 'x-hasura-admin-secret': ADMIN_SECRET }
const upstream = new EchoUpstream()
const store = failingStore(openStore(systemClock))
const logged: string[] = []
const log: Logger = { ...silentLogger, info: (fields) => logged.push(JSON.stringify(fields)) }
let running: RunningGateway
let admin: Admin
let url: string

beforeAll(async () => {
  // Counts on from test to test: no two answers are alike.
  upstream.respond = countingRows()
  await upstream.start()
  running = await startGateway(gatewayOptions(upstream.url), { store, log })
  admin = createAdmin(
    { host: '127.0.0.1', port: 0, secrets: ['another', ADMIN_SECRET] },
    { gateway: running.gateway, store, clock: systemClock, log: silentLogger },
  )
  await admin.start()
  url = `http://127.0.0.1:${admin.address.port}`
})
afterAll(async () => {
  await admin.stop()
  await running.stop()
  await upstream.stop()
})

async function purge(order: object, headers: Record<string, string> = SECRET) {
  const answer = await send(url, '/purge', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(order),
  })
  return { status: answer.status, body: JSON.parse(answer.text) }
}

async function audit() {
  const { status, text } = await send(url, '/audit', { headers: SECRET })
  expect(status).toBe(200)
  return JSON.parse(text).purges
}

/** Entries of several askers; which of them were read anew tells whom a purge concerned. */
const READS = {
  catalogue: { query: 'query Catalogue { products { id } }', user: '7', role: 'user' },
  managers: { query: 'query Catalogue { products { id } }', user: '8', role: 'manager' },
  orders7: { query: 'query Orders { orders { id } }', user: '7', role: 'user' },
  orders9: { query: 'query Orders { orders { id } }', user: '9', role: 'user' },
} as const
type Name = keyof typeof READS
const NAMES = Object.keys(READS) as Name[]

async function readAs(name: Name) {
  const { query, user, role } = READS[name]
  const authorization = await bearer(user, role, { 'x-hasura-org-id': '1' })
  const { status, headers, text } = await ask(running.url, query, { authorization })
  expect(status).toBe(200)
  return { headers, text }
}

async function readAll(): Promise<Readonly<Record<Name, string>>> {
  const texts: Partial<Record<Name, string>> = {}
  for (const name of NAMES) texts[name] = (await readAs(name)).text
  return texts as Record<Name, string>
}

/** Whose answers are other ones after `work` than before. */
async function concerned(work: () => Promise<unknown>): Promise<readonly Name[]> {
  const before = await readAll()
  await work()
  const after = await readAll()
  return NAMES.filter((name) => after[name] !== before[name])
}

describe('POST /purge', () => {
  beforeEach(() => purge({ what: { everything: true } }))

  it.each([
    ['operation', { operation: 'Catalogue' }, ['catalogue', 'managers']],
    ['role', { role: 'user' }, ['catalogue', 'orders7', 'orders9']],
    [
      'session variable',
      { session_variable: { name: 'X-Hasura-User-Id', value: '7' } },
      ['orders7'],
    ],
    ['table', { table: 'orders' }, ['orders7', 'orders9']],
    ['row', { row: { table: 'public.orders', key: { id: 1 } } }, ['orders7', 'orders9']],
    ['tag', { tag: 'table:default:public.products' }, ['catalogue', 'managers']],
    ['everything', { everything: true }, NAMES],
    ['an unknown role', { role: 'nobody' }, []],
    ['an unknown table', { table: 'public.nothing' }, []],
  ])('by %s concerns those it names, and says how many', async (_kind, what, names) => {
    let report: unknown
    expect(
      await concerned(async () => {
        report = await purge({ what })
      }),
    ).toEqual(names)
    expect(report).toEqual({
      status: 200,
      body: { outcome: 'done', entries: names.length, entries_complete: true },
    })
  })

  it('by key and by family takes what the headers of an answer show', async () => {
    const { headers } = await readAs('orders7')
    const key = textOf(headers['x-hasura-query-cache-key'])
    const family = textOf(headers['x-hasura-query-family-cache-key'])
    const one = { status: 200, body: { outcome: 'done', entries: 1, entries_complete: true } }
    let report: unknown
    expect(
      await concerned(async () => {
        report = await purge({ what: { key } })
      }),
    ).toEqual(['orders7'])
    expect(report).toEqual(one)
    expect((await purge({ what: { key: '0'.repeat(40) } })).body.entries).toBe(0)
    expect(await concerned(() => purge({ what: { family } }))).toEqual(['orders7', 'orders9'])
  })

  it('does nothing in a dry run but count', async () => {
    let report: unknown
    const order = { what: { role: 'user' }, dry_run: true }
    expect(
      await concerned(async () => {
        report = await purge(order)
      }),
    ).toEqual([])
    expect(report).toMatchObject({ body: { entries: 3 } })
    expect((await audit())[0]).toMatchObject({ isDryRun: true, what: { role: 'user' } })
  })

  it('softly shows the old answer once more, while a newer one is fetched', async () => {
    const before = await readAll()
    const { body } = await purge({ what: { role: 'user' }, mode: 'soft' })
    expect(body).toMatchObject({ outcome: 'done', entries: 3 })
    const { headers, text } = await readAs('orders7')
    expect(text).toBe(before.orders7)
    expect(textOf(headers['cache-status'])).toContain('stale-purged')
    await expect.poll(async () => (await readAs('orders7')).text).not.toBe(before.orders7)
    expect((await readAs('managers')).text).toBe(before.managers)
  })

  it('keeps no answer that was under way', async () => {
    const held = upstream.hold()
    const received = upstream.received.length
    const slow = readAs('orders9')
    await upstream.receives(received + 1)
    await purge({ what: { session_variable: { name: 'x-hasura-user-id', value: '9' } } })
    held.release()
    expect((await readAs('orders9')).text).not.toBe((await slow).text)
  })

  it('writes down who, what, when and why', async () => {
    await purge({ what: { operation: 'Nothing' }, why: 'a price was wrong' })
    const record = {
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      who: { via: 'admin', secret: 2, address: '127.0.0.1' },
      what: { operation: 'Nothing' },
      mode: 'hard',
      isDryRun: false,
      why: 'a price was wrong',
      concerned: { entries: 0, isComplete: true },
      outcome: 'done',
    }
    expect((await audit())[0]).toEqual(record)
    expect(JSON.parse(logged.at(-1) ?? '')).toEqual({ purge: record })
    expect(JSON.stringify(await audit())).not.toContain(ADMIN_SECRET)
  })

  it('says that it failed when the store is away', async () => {
    store.isDown = true
    const failed = await purge({ what: { role: 'user' } })
    const owed = await purge({ what: { table: 'orders' } })
    store.isDown = false
    // What is owed would be told a second later.
    await purge({ what: { table: 'orders' } })
    expect(failed).toMatchObject({ status: 503, body: { code: 'store-unavailable' } })
    expect(owed).toMatchObject({ status: 200, body: { outcome: 'owed' } })
    expect((await audit()).slice(1, 3)).toMatchObject([{ outcome: 'owed' }, { outcome: 'failed' }])
  })

  it.each([
    ['a wrong secret', { 'x-hasura-admin-secret': 'wrong' }],
    ['none', { 'x-hasura-admin-secret': '' }],
  ])('denies %s', async (_case, headers) => {
    let status: unknown
    expect(
      await concerned(async () => {
        status = (await purge({ what: { everything: true } }, headers)).status
      }),
    ).toEqual([])
    expect(status).toBe(401)
    expect((await send(url, '/audit', { headers })).status).toBe(401)
  })

  it.each([
    ['nothing to purge', '{"what":{}}', 'application/json', 400],
    ['no JSON', '{"what":', 'application/json', 400],
    ['what a form of another site could send', '{"what":{"everything":true}}', 'text/plain', 400],
    ['too much', JSON.stringify({ why: 'x'.repeat(200_000) }), 'application/json', 413],
  ])('refuses %s', async (_case, body, contentType, expected) => {
    const headers = { 'content-type': contentType, ...SECRET }
    const { status } = await send(url, '/purge', { method: 'POST', headers, body })
    expect(status).toBe(expected)
  })
})

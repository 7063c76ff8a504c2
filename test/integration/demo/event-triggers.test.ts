import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { EventLog } from '../../../src/demo/events/event-log.ts'
import type { RunningDemo } from '../../../src/demo/start.ts'
import { ask, send } from '../../support/ask.ts'
import { ADMIN_SECRET } from '../../support/gateway-options.ts'
import { startDemoServer } from '../../support/start-demo.ts'
import { bearer } from '../../support/start-gateway.ts'
import { WebhookReceiver } from '../../support/webhook-receiver.ts'

const ADMIN = { 'x-hasura-admin-secret': ADMIN_SECRET }
const webhook = new WebhookReceiver()
let demo: RunningDemo

beforeAll(async () => {
  await webhook.start()
  demo = await startDemoServer({
    eventsIntervalMs: 20,
    environment: { WEBHOOK_URL: webhook.url, WEBHOOK_SECRET: 'hush' },
  })
}, 60_000)
afterAll(async () => {
  await demo.stop()
  await webhook.stop()
})
afterEach(async () => {
  for (const { trigger } of demo.backend.metadata.eventTriggers) {
    await metadata('pg_delete_event_trigger', { name: trigger.name })
  }
  expect(webhook.untakenCount).toBe(0)
})

async function metadata(type: string, args: object) {
  const body = JSON.stringify({ type, args })
  const answer = await send(demo.url, '/v1/metadata', { method: 'POST', headers: ADMIN, body })
  return { status: answer.status, body: JSON.parse(answer.text) }
}
const ALL = { columns: '*' }
const create = (args: object) =>
  metadata('pg_create_event_trigger', {
    name: 'changed',
    table: { schema: 'public', name: 'categories' },
    webhook: webhook.url,
    insert: ALL,
    update: ALL,
    delete: ALL,
    ...args,
  })

async function sql(text: string): Promise<void> {
  await demo.backend.runSql(text, false)
}
const rename = (name: string) => sql(`UPDATE categories SET name = '${name}' WHERE id = 1`)

async function nextEvent() {
  const request = await webhook.next()
  return { request, body: JSON.parse(request.body) }
}
async function loggedEvents() {
  const { rows } = await demo.backend.database.query(
    'SELECT tries, error FROM hdb_catalog.event_log',
  )
  return rows
}
/** Until every event is delivered or given up. */
async function settled(count: number): Promise<void> {
  await expect.poll(loggedEvents, { interval: 10, timeout: 5_000 }).toHaveLength(count)
}

describe('an event', () => {
  it('of a mutation has the rows, and the session of who wrote', async () => {
    expect(await create({ table: { schema: 'public', name: 'orders' } })).toEqual({
      status: 200,
      body: { message: 'success' },
    })
    const mutation = 'mutation { insert_orders_one(object: {note: "hello"}) { id } }'
    const { text } = await ask(demo.url, mutation, { authorization: await bearer('7') })
    const { id } = JSON.parse(text).data.insert_orders_one
    const { request, body } = await nextEvent()
    expect(request).toMatchObject({
      method: 'POST',
      path: '/events',
      headers: { 'content-type': 'application/json' },
    })
    expect(body).toEqual({
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      delivery_info: { current_retry: 0, max_retries: 0 },
      event: {
        op: 'INSERT',
        data: { old: null, new: expect.objectContaining({ id, user_id: 7, note: 'hello' }) },
        session_variables: { 'x-hasura-role': 'user', 'x-hasura-user-id': '7' },
        trace_context: {
          trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
          span_id: expect.stringMatching(/^[0-9a-f]{16}$/),
        },
      },
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      table: { schema: 'public', name: 'orders' },
      trigger: { name: 'changed' },
    })
    await settled(0)
  })

  it('comes for writes that bypass GraphQL, without a session', async () => {
    await create({})
    await sql("INSERT INTO categories (id, name) VALUES (100, 'a')")
    expect((await nextEvent()).body.event).toMatchObject({
      op: 'INSERT',
      session_variables: null,
      data: { old: null, new: { id: 100, name: 'a' } },
    })
    await sql("UPDATE categories SET name = 'b' WHERE id = 100")
    expect((await nextEvent()).body.event).toMatchObject({
      op: 'UPDATE',
      data: { old: { id: 100, name: 'a' }, new: { id: 100, name: 'b' } },
    })
    await sql('DELETE FROM categories WHERE id = 100')
    expect((await nextEvent()).body.event).toMatchObject({
      op: 'DELETE',
      data: { old: { id: 100, name: 'b' }, new: null },
    })
  })

  it('comes once per row, and not at all when the writer undid it', async () => {
    await create({})
    await sql("UPDATE categories SET name = name || '!' WHERE id <= 3")
    const ids = [await nextEvent(), await nextEvent(), await nextEvent()].map(
      ({ body }) => body.event.data.new.id,
    )
    expect(new Set(ids)).toEqual(new Set([1, 2, 3]))
    await settled(0)
    await expect(sql('UPDATE categories SET name = NULL WHERE id = 1')).rejects.toThrow()
    expect(await loggedEvents()).toEqual([])
  })

  it('does not come for an update that changes nothing', async () => {
    await create({})
    await sql('UPDATE categories SET name = name')
    expect(await loggedEvents()).toEqual([])
  })

  it('is about the columns listened to, and carries those asked for', async () => {
    const table = { schema: 'public', name: 'products' }
    await create({
      table,
      insert: undefined,
      delete: undefined,
      update: { columns: ['price'], payload: ['id', 'stock'] },
    })
    await sql('UPDATE products SET stock = stock + 1 WHERE id = 5')
    expect(await loggedEvents()).toEqual([])
    await sql('UPDATE products SET price = price + 1 WHERE id = 5')
    const { data } = (await nextEvent()).body.event
    expect(Object.keys(data.new)).toEqual(['id', 'stock'])
  })

  it('keeps the digits of long numbers', async () => {
    await create({ table: { schema: 'public', name: 'products' } })
    await sql('UPDATE products SET barcode = 9007199254740993 WHERE id = 5')
    expect((await nextEvent()).request.body).toMatch(/"barcode":9007199254740993[,}]/)
  })

  it('goes where and with what the environment says', async () => {
    await create({
      webhook: undefined,
      webhook_from_env: 'WEBHOOK_URL',
      headers: [
        { name: 'X-Fixed', value: 'one' },
        { name: 'X-Secret', value_from_env: 'WEBHOOK_SECRET' },
      ],
    })
    await rename('env')
    const { headers } = (await nextEvent()).request
    expect(headers).toMatchObject({ 'x-fixed': 'one', 'x-secret': 'hush' })
    await create({ replace: true, webhook: '{{WEBHOOK_URL}}/more' })
    await rename('template')
    expect((await nextEvent()).request.path).toBe('/events/more')
  })
})

describe('delivery', () => {
  it('is tried again until it is taken', async () => {
    webhook.answerNext({ status: 500 }, { status: 302 }, { status: 204 })
    await create({ retry_conf: { num_retries: 5, interval_sec: 0.03 } })
    await rename('retry')
    const tries = [await nextEvent(), await nextEvent(), await nextEvent()].map(({ body }) => body)
    expect(tries.map((body) => body.delivery_info)).toEqual([
      { current_retry: 0, max_retries: 5 },
      { current_retry: 1, max_retries: 5 },
      { current_retry: 2, max_retries: 5 },
    ])
    expect(new Set(tries.map(({ id }) => id)).size).toBe(1)
    await settled(0)
  })

  it('is given up after the retries', async () => {
    webhook.answerNext({ status: 500 }, { status: 500 })
    await create({ retry_conf: { num_retries: 1, interval_sec: 0 } })
    await rename('give up')
    await nextEvent()
    await nextEvent()
    await expect.poll(loggedEvents, { interval: 10 }).toEqual([{ tries: 2, error: true }])
  })

  it('comes back when Retry-After says so, whatever the retries', async () => {
    webhook.answerNext({ status: 503, headers: { 'retry-after': '1' } })
    await create({ retry_conf: { num_retries: 0 } })
    await rename('later')
    const first = performance.now()
    await nextEvent()
    expect((await nextEvent()).body.delivery_info).toEqual({ current_retry: 1, max_retries: 0 })
    expect(performance.now() - first).toBeGreaterThan(900)
    await settled(0)
  })

  it('goes on when a webhook cannot be reached', async () => {
    await create({ webhook: 'http://127.0.0.1:1/', retry_conf: { num_retries: 0 } })
    await rename('unreachable')
    await expect.poll(loggedEvents, { interval: 10 }).toEqual([{ tries: 1, error: true }])
    await create({ replace: true })
    await rename('reachable')
    await nextEvent()
  })

  it('keeps the newest when too many wait', async () => {
    await create({ webhook: 'http://127.0.0.1:1/' })
    await sql("UPDATE categories SET name = name || '?' WHERE id = 1")
    await sql("UPDATE categories SET name = name || '?' WHERE id = 2")
    await expect.poll(loggedEvents, { interval: 10 }).toEqual([
      { tries: 1, error: true },
      { tries: 1, error: true },
    ])
    const { database } = demo.backend
    expect(await new EventLog(database).prune(1)).toBe(1)
    const { rows } = await database.query(
      "SELECT payload #>> '{data,new,id}' AS id FROM hdb_catalog.event_log",
    )
    expect(rows).toEqual([{ id: '2' }])
  })

  it('gets every one of many events to its webhook', async () => {
    await create({
      table: { schema: 'public', name: 'reviews' },
      insert: undefined,
      delete: undefined,
    })
    await sql("UPDATE reviews SET body = 'changed' WHERE id <= 350")
    const seen = new Set<number>()
    while (seen.size < 350) seen.add((await nextEvent()).body.event.data.new.id)
    await settled(0)
  }, 30_000)
})

describe('a trigger', () => {
  it('is in the metadata, as a new version, until it is deleted', async () => {
    const before = demo.backend.metadata.resourceVersion
    await create({ delete: undefined, headers: [{ name: 'a', value: 'b' }] })
    const { body } = await metadata('export_metadata', {})
    const table = body.sources[0].tables.find(
      (entry: { table: { name: string } }) => entry.table.name === 'categories',
    )
    expect(table.event_triggers).toEqual([
      {
        name: 'changed',
        definition: { enable_manual: false, insert: ALL, update: ALL },
        retry_conf: { num_retries: 0, interval_sec: 10, timeout_sec: 60 },
        webhook: webhook.url,
        headers: [{ name: 'a', value: 'b' }],
      },
    ])
    expect(demo.backend.metadata.resourceVersion).toBe(before + 1)
    expect((await metadata('pg_delete_event_trigger', { name: 'changed' })).body).toEqual({
      message: 'success',
    })
    expect(demo.backend.metadata.resourceVersion).toBe(before + 2)
    await rename('deleted')
    expect(await loggedEvents()).toEqual([])
  })

  it('follows a new column of its table', async () => {
    await create({})
    await sql('ALTER TABLE categories ADD COLUMN motto text')
    await rename('altered')
    expect((await nextEvent()).body.event.data.new).toMatchObject({ name: 'altered', motto: null })
    await sql('ALTER TABLE categories DROP COLUMN motto')
  })

  it('survives that its table is made anew', async () => {
    const table = { schema: 'public', name: 'reviews' }
    await create({ table, delete: undefined, insert: undefined })
    await sql(`
      CREATE TABLE copy (LIKE reviews INCLUDING ALL);
      INSERT INTO copy SELECT * FROM reviews;
      DROP TABLE reviews;
      ALTER TABLE copy RENAME TO reviews;
      ALTER TABLE reviews ADD FOREIGN KEY (product_id) REFERENCES products (id);
      ALTER TABLE reviews ADD FOREIGN KEY (user_id) REFERENCES users (id)`)
    await sql("UPDATE reviews SET body = 'anew' WHERE id = 1")
    expect((await nextEvent()).body.event.data.new).toMatchObject({ id: 1, body: 'anew' })
  })

  it.each([
    ['an unknown table', { table: 'nope' }, 'not-exists', '$.args'],
    ['a view', { table: 'product_sales' }, 'not-supported', '$.args'],
    ['an unknown column', { update: { columns: ['nope'] } }, 'not-exists', '$.args'],
    ['an unknown source', { source: 'nope' }, 'not-exists', '$.args'],
    ['an unset variable', { webhook: undefined, webhook_from_env: 'NOPE' }, 'not-found', '$.args'],
    ['no webhook', { webhook: undefined }, 'parse-failed', '$.args'],
    ['a webhook that is none', { webhook: 'ftp://x' }, 'parse-failed', '$.args.webhook'],
    [
      'no operation',
      { insert: undefined, update: undefined, delete: undefined },
      'parse-failed',
      '$.args',
    ],
    ['a name with a quote', { name: 'a"b' }, 'parse-failed', '$.args.name'],
    ['a long name', { name: 'x'.repeat(43) }, 'parse-failed', '$.args.name'],
    [
      'a negative retry',
      { retry_conf: { num_retries: -1 } },
      'parse-failed',
      '$.args.retry_conf.num_retries',
    ],
  ])('is refused for %s', async (_name, args, code, path) => {
    expect(await create(args)).toMatchObject({ status: 400, body: { code, path } })
    expect(demo.backend.metadata.eventTriggers).toEqual([])
  })

  it('replaces one of its name only when told to', async () => {
    await create({})
    expect(await create({})).toMatchObject({ status: 400, body: { code: 'already-exists' } })
    expect((await create({ replace: true, update: undefined })).status).toBe(200)
    await rename('not listened to')
    expect(await loggedEvents()).toEqual([])
  })

  it('cannot be deleted when there is none', async () => {
    expect(await metadata('pg_delete_event_trigger', { name: 'nope' })).toMatchObject({
      status: 400,
      body: { code: 'not-exists', error: 'event trigger with name "nope" does not exist' },
    })
  })
})

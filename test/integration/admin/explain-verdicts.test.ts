import { describe, expect, it } from 'vitest'
import { encodeCacheEntry, WRITE_STAMP_BYTES } from '../../../src/gateway/cache/cache-entry.ts'
import type { Verdict } from '../../../src/gateway/index.ts'
import { epochKey, shownEntryKey } from '../../../src/gateway/keys.ts'
import { sendJson } from '../../support/echo-upstream.ts'
import { type ExplainedWorld, startExplainedWorld } from '../../support/explained-world.ts'
import { failingStore } from '../../support/failing-store.ts'
import { openStore } from '../../support/open-store.ts'
import { TEST_METADATA } from '../../support/test-metadata.ts'

const ORDERS = '{ orders { id } }'
const ORDERS_TAG = 'table:default:public.orders'
const STALE_RULE = { ttlMs: 60_000, staleIfErrorMs: 600_000 }
const PRODUCTS_WRITE = 'mutation { insert_products(objects: []) { affected_rows } }'

async function verdictOf(world: ExplainedWorld, query = ORDERS): Promise<Verdict> {
  const session = { 'x-hasura-user-id': '1' }
  return (await world.explain({ query, role: 'user', session })).verdict
}

/** The key of the entry of `query`, as it is in the store. */
async function entryKeyOf(world: ExplainedWorld, query = ORDERS): Promise<Buffer> {
  const { keys } = await world.explain({
    query,
    role: 'user',
    session: { 'x-hasura-user-id': '1' },
  })
  return shownEntryKey(keys?.cacheKey ?? '')
}

describe('why a request would be a hit or a miss', () => {
  it('absent: it was not asked for yet', async () => {
    const world = await startExplainedWorld()
    expect(await verdictOf(world)).toMatchObject({
      result: 'miss',
      reason: 'absent',
      because: expect.stringContaining('there is no entry under this key'),
      tags: [],
    })
  })

  it('fresh: it is served, to this user alone', async () => {
    const world = await startExplainedWorld()
    await world.askAs('1', ORDERS)
    world.clock.advance(12_000)
    expect(await verdictOf(world)).toMatchObject({
      result: 'hit',
      reason: 'fresh',
      entry: { ageMs: 12_000, bodyBytes: expect.any(Number), storedAt: expect.any(String) },
    })
    const { verdict } = await world.explain({
      query: ORDERS,
      role: 'user',
      session: { 'x-hasura-user-id': '2' },
    })
    expect(verdict).toMatchObject({ result: 'miss', reason: 'absent' })
    expect((await world.askAs('1', ORDERS)).headers['cache-status']).toContain('hit')
  })

  it('expired: its time has passed', async () => {
    const world = await startExplainedWorld({ cache: { rules: [STALE_RULE] } })
    await world.askAs('1', ORDERS)
    world.clock.advance(60_000)
    expect(await verdictOf(world)).toMatchObject({
      result: 'miss',
      reason: 'expired',
      entry: { ageMs: 60_000 },
    })
  })

  it('stale-while-revalidate: it is served after its time', async () => {
    const rule = { ttlMs: 60_000, staleWhileRevalidateMs: 60_000 }
    const world = await startExplainedWorld({ cache: { rules: [rule] } })
    await world.askAs('1', ORDERS)
    world.clock.advance(61_000)
    expect(await verdictOf(world)).toMatchObject({
      result: 'stale',
      reason: 'stale-while-revalidate',
    })
  })

  it('older-than-asked: it was kept for longer than this request takes', async () => {
    const world = await startExplainedWorld()
    await world.askAs('1', ORDERS)
    world.clock.advance(30_000)
    const asked = 'query @cached(ttl: 10) { orders { id } }'
    expect(await verdictOf(world, asked)).toMatchObject({
      result: 'miss',
      reason: 'older-than-asked',
      entry: { ageMs: 30_000 },
    })
    expect(await verdictOf(world)).toMatchObject({ result: 'hit' })
  })

  it('written: a table it is read from was written', async () => {
    const world = await startExplainedWorld()
    await world.askAs('1', ORDERS)
    await world.askAs('1', PRODUCTS_WRITE)
    expect(await verdictOf(world)).toMatchObject({ result: 'hit' })
    await world.askAs('1', 'mutation { delete_orders(where: {}) { affected_rows } }')
    expect(await verdictOf(world)).toMatchObject({
      result: 'miss',
      reason: 'written',
      tags: [ORDERS_TAG],
    })
  })

  it('any-write: something was written, and it may depend on anything', async () => {
    const world = await startExplainedWorld()
    const unknown = '{ mystery { id } }'
    await world.askAs('1', unknown)
    await world.askAs('1', PRODUCTS_WRITE)
    expect(await verdictOf(world, unknown)).toMatchObject({
      result: 'miss',
      reason: 'any-write',
      tags: ['any-write'],
    })
  })

  it('everything: a write may have changed anything', async () => {
    const world = await startExplainedWorld()
    await world.askAs('1', ORDERS)
    await world.askAs('1', 'mutation { mystery { id } }')
    expect(await verdictOf(world)).toMatchObject({
      result: 'miss',
      reason: 'everything',
      tags: ['everything'],
    })
  })

  it('everything: an operator purged what the user asks, and nobody else', async () => {
    const world = await startExplainedWorld()
    await world.askAs('1', ORDERS)
    await world.askAs('2', ORDERS)
    const what = { session_variable: { name: 'x-hasura-user-id', value: '1' } }
    await world.gateway.purge({ what }, { via: 'admin', secret: 1, address: '127.0.0.1' })
    expect(await verdictOf(world)).toMatchObject({ result: 'miss', reason: 'everything' })
    const session = { 'x-hasura-user-id': '2' }
    const other = await world.explain({ query: ORDERS, role: 'user', session })
    expect(other.verdict).toMatchObject({ result: 'hit' })
  })

  it('stamps-lost: the store has forgotten a stamp', async () => {
    const world = await startExplainedWorld()
    await world.askAs('1', ORDERS)
    await world.store.delete([epochKey(ORDERS_TAG)])
    expect(await verdictOf(world)).toMatchObject({
      result: 'miss',
      reason: 'stamps-lost',
      tags: [ORDERS_TAG],
    })
  })

  it('stale-purged: an operator purged it softly', async () => {
    const world = await startExplainedWorld()
    await world.askAs('1', ORDERS)
    const key = epochKey(ORDERS_TAG)
    const stamp = Buffer.from((await world.store.get(key)) ?? [])
    await world.store.set(key, stamp.fill(7, WRITE_STAMP_BYTES))
    expect(await verdictOf(world)).toMatchObject({
      result: 'stale',
      reason: 'stale-purged',
      tags: [ORDERS_TAG],
    })
  })

  it('other-format: another version of the gateway kept it', async () => {
    const world = await startExplainedWorld()
    await world.store.set(await entryKeyOf(world), Buffer.from('{}'))
    expect(await verdictOf(world)).toMatchObject({ result: 'miss', reason: 'other-format' })
  })

  it('other-request: another answer is under its key', async () => {
    const world = await startExplainedWorld()
    await world.askAs('1', ORDERS)
    await world.askAs('1', '{ products { id } }')
    const other = (await world.store.get(await entryKeyOf(world, '{ products { id } }'))) ?? []
    await world.store.set(await entryKeyOf(world), Buffer.from(other))
    expect(await verdictOf(world)).toMatchObject({ result: 'miss', reason: 'other-request' })
  })

  it('other-tags: it was kept with other tables', async () => {
    const world = await startExplainedWorld()
    await world.askAs('1', ORDERS)
    const key = await entryKeyOf(world)
    const entry = Buffer.from((await world.store.get(key)) ?? [])
    const digest = entry.subarray(20, 52)
    const times = {
      storedAtMs: world.clock.nowMs(),
      expiresAtMs: world.clock.nowMs() + 1,
      fetchMs: 1,
    }
    const hash = Buffer.alloc(16)
    const bytes = encodeCacheEntry({ digest, ...times, hash, stamps: [], body: Buffer.from('{}') })
    await world.store.set(key, bytes)
    expect(await verdictOf(world)).toMatchObject({ result: 'miss', reason: 'other-tags' })
  })

  it.each([
    ['set-cookie', { 'set-cookie': 'a=b' }],
    ['no-store', { 'cache-control': 'no-store' }],
    ['content-type', { 'content-type': 'application/graphql-response+json' }],
  ])('not-kept: the last answer was not, by %s', async (reason, headers) => {
    const world = await startExplainedWorld()
    world.upstream.respond = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', ...headers })
      response.end('{"data":{"orders":[]}}')
    }
    await world.askAs('1', ORDERS)
    expect(await verdictOf(world)).toMatchObject({
      result: 'miss',
      reason: 'not-kept',
      because: expect.stringContaining('was not kept: '),
      lastDiscard: { reason, at: expect.any(String) },
    })
  })

  it('not-kept: no more, once one was kept', async () => {
    const world = await startExplainedWorld()
    const { respond } = world.upstream
    world.upstream.respond = (_request, response) =>
      sendJson(response, { errors: [{ message: 'x' }] })
    await world.askAs('1', ORDERS)
    expect((await verdictOf(world)).lastDiscard).toMatchObject({ reason: 'errors' })
    world.upstream.respond = respond
    await world.askAs('1', ORDERS)
    expect(await verdictOf(world)).toMatchObject({ result: 'hit' })
    expect((await verdictOf(world)).lastDiscard).toBeUndefined()
  })

  it('refresh: @cached asks for a new answer', async () => {
    const world = await startExplainedWorld()
    await world.askAs('1', ORDERS)
    const refreshing = 'query @cached(refresh: true) { orders { id } }'
    expect(await verdictOf(world, refreshing)).toMatchObject({
      result: 'miss',
      reason: 'refresh',
      entry: { ageMs: 0 },
    })
  })

  it('store-failed, then write-owed: what was written while the store was away', async () => {
    let cut: ReturnType<typeof failingStore> | undefined
    const store = (clock: Parameters<typeof openStore>[0]) => {
      cut = failingStore(openStore(clock))
      return cut
    }
    const world = await startExplainedWorld({}, { store })
    await world.askAs('1', ORDERS)
    if (cut !== undefined) cut.isDown = true
    expect(await verdictOf(world)).toMatchObject({ result: 'miss', reason: 'store-failed' })
    await world.askAs('1', 'mutation { delete_orders(where: {}) { affected_rows } }')
    if (cut !== undefined) cut.isDown = false
    expect(await verdictOf(world)).toMatchObject({ result: 'miss', reason: 'write-owed' })
  })

  it('too-many-tags: it is read from more tables than an entry can name', async () => {
    const world = await startExplainedWorld({ limits: { nodesMax: 1_000 } })
    const names = Array.from({ length: 300 }, (_, index) => `t${index}`)
    const [source] = TEST_METADATA.sources
    const tables = names.map((name) => ({
      table: { name, schema: 'public' },
      select_permissions: [{ role: 'user', permission: { columns: '*', filter: {} } }],
    }))
    world.upstream.metadata = { ...TEST_METADATA, sources: [{ ...source, tables }] }
    world.upstream.resourceVersion += 1
    await world.reloadMetadata()
    const query = `{ ${names.map((name) => `${name} { id }`).join(' ')} }`
    expect(await verdictOf(world, query)).toMatchObject({ result: 'miss', reason: 'too-many-tags' })
  })
})

describe('why a request is never kept', () => {
  const more = {
    actions: [{ name: 'ask', definition: { type: 'query', kind: 'synchronous' } }],
    remote_schemas: [
      {
        name: 'weather',
        definition: { url: 'http://x', customization: { root_fields_namespace: 'weather' } },
      },
    ],
  }

  it.each([
    ['mutation', 'mutation { delete_orders(where: {}) { affected_rows } }'],
    ['not-a-query', 'subscription { orders { id } }'],
    ['introspection', '{ __schema { types { name } } }'],
    ['action', '{ ask(about: 1) { answer } }'],
    ['remote-schema', '{ weather { today } }'],
    ['no-rule', '{ products { id } }'],
    ['ttl-zero', '{ reports { id } }'],
    ['ttl-zero', 'query @cached(ttl: 0) { orders { id } }'],
    ['invalid-directive', 'query ($t: Int) @cached(ttl: $t) { orders { id } }'],
  ])('%s: %s', async (reason, query) => {
    const rules = [
      { tables: ['orders'], ttlMs: 60_000 },
      { tables: ['reports'], ttlMs: 0 },
    ]
    const world = await startExplainedWorld({ cache: { rules } })
    world.upstream.metadata = { ...TEST_METADATA, ...more }
    world.upstream.resourceVersion += 1
    await world.reloadMetadata()
    const explained = await world.explain({
      query,
      role: reason === 'ttl-zero' ? 'manager' : 'user',
      session: { 'x-hasura-user-id': '1' },
    })
    expect(explained.verdict).toMatchObject({
      result: 'bypass',
      reason,
      because: expect.stringMatching(/\w{4}/),
    })
    expect(explained.keys).toBeUndefined()
    expect(explained.ttl).toBeUndefined()
  })

  it('volatile-function: a stored function may answer otherwise each time', async () => {
    const world = await startExplainedWorld()
    const [source] = TEST_METADATA.sources
    const functions = [
      { function: { schema: 'public', name: 'roll' }, configuration: { exposed_as: 'query' } },
    ]
    world.upstream.metadata = { ...TEST_METADATA, sources: [{ ...source, functions }] }
    world.upstream.resourceVersion += 1
    await world.reloadMetadata()
    expect(await verdictOf(world, '{ roll { id } }')).toMatchObject({
      result: 'bypass',
      reason: 'volatile-function',
    })
  })

  it('cache-disabled', async () => {
    const world = await startExplainedWorld({ cache: { enabled: false } })
    expect(await verdictOf(world)).toMatchObject({ result: 'bypass', reason: 'cache-disabled' })
  })
})

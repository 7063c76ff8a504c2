import { describe, expect, it } from 'vitest'
import { ask, send } from '../../../support/ask.ts'
import { countingRows } from '../../../support/echo-upstream.ts'
import { ADMIN_SECRET } from '../../../support/gateway-options.ts'
import { bearer, startWorld, type World } from '../../../support/start-gateway.ts'
import { TEST_METADATA } from '../../../support/test-metadata.ts'

const PRODUCTS = '{ products { id } }'

const user = { authorization: await bearer('1') }
const other = { authorization: await bearer('2') }
const admin = { 'x-hasura-admin-secret': ADMIN_SECRET }

const insert = (table: string): string =>
  `mutation { insert_${table}(objects: {}) { affected_rows } }`

const [SOURCE] = TEST_METADATA.sources

/** The test metadata with other permissions of users on products, and further keys of its source. */
function metadataWith(filter: object, further: object = {}): object {
  const products = {
    table: { schema: 'public', name: 'products' },
    select_permissions: [{ role: 'user', permission: { columns: '*', filter } }],
  }
  const tables = [products, ...SOURCE.tables.slice(1)]
  return { ...TEST_METADATA, sources: [{ ...SOURCE, tables, ...further }] }
}

/** Changed through the gateway, as the console does. */
async function changeMetadata({ url, upstream }: World, metadata: object): Promise<void> {
  upstream.metadata = metadata
  upstream.resourceVersion += 1
  const body = '{"type":"pg_create_select_permission","args":{}}'
  await send(url, '/v1/metadata', { method: 'POST', headers: admin, body })
}

describe('pitfalls of what an answer depends on', () => {
  it('16: an answer older than a write is not kept behind it', async () => {
    const { url, upstream } = await startWorld()
    const held = upstream.hold(countingRows())
    const old = ask(url, PRODUCTS, user)
    await upstream.receives(1)
    upstream.respond = countingRows()
    await ask(url, insert('products'), user)
    held.release()
    await old
    expect((await ask(url, PRODUCTS, user)).headers['cache-status']).toMatch(/^gerbang; fwd=miss/)
  })

  it.each([
    ['other rows for all', { hidden: { _eq: false } }],
    ['rows of their own', { owner_id: { _eq: 'X-Hasura-User-Id' } }],
  ])(
    '17: a change of permissions ends what was kept under the old ones: %s',
    async (_what, filter) => {
      const world = await startWorld()
      const { url, upstream } = world
      upstream.respond = countingRows()
      await ask(url, PRODUCTS, user)
      expect((await ask(url, PRODUCTS, other)).headers['cache-status']).toMatch(/hit/)
      await changeMetadata(world, metadataWith(filter))
      expect((await ask(url, PRODUCTS, user)).headers['cache-status']).toMatch(/fwd=miss/)
    },
  )

  it('18: an answer depends on the tables of its permissions too', async () => {
    const world = await startWorld()
    const { url } = world
    const filter = {
      _exists: { _table: { schema: 'public', name: 'reports' }, _where: { open: { _eq: true } } },
    }
    await changeMetadata(world, metadataWith(filter))
    await ask(url, PRODUCTS, user)
    await ask(url, insert('orders'), admin)
    expect((await ask(url, PRODUCTS, user)).headers['cache-status']).toMatch(/hit/)
    await ask(url, insert('reports'), admin)
    expect((await ask(url, PRODUCTS, user)).headers['cache-status']).toMatch(/fwd=miss/)
  })

  it('19: what a function makes up anew each time is not kept unless it is asked for', async () => {
    const world = await startWorld()
    const { url, upstream } = world
    const name = { schema: 'public', name: 'random_products' }
    const functions = [{ function: name, configuration: { exposed_as: 'query' } }]
    await changeMetadata(world, metadataWith({}, { functions }))
    const before = upstream.received.length
    for (let round = 0; round < 2; round += 1) {
      const { headers } = await ask(url, '{ random_products { id } }', user)
      expect(headers['cache-status']).toMatch(/fwd=bypass/)
    }
    expect(upstream.received).toHaveLength(before + 2)
  })
})

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { RunningDemo } from '../../../src/demo/start.ts'
import { ask, textOf } from '../../support/ask.ts'
import { ADMIN_SECRET } from '../../support/gateway-options.ts'
import { startDemoServer } from '../../support/start-demo.ts'
import { bearer, type RunningGateway, startGatewayTo } from '../../support/start-gateway.ts'

const ADMIN = { 'x-hasura-admin-secret': ADMIN_SECRET }
const NAMES = 'name product_categories { category { name } }'

describe('answers by primary key', () => {
  let demo: RunningDemo
  let gateway: RunningGateway

  beforeAll(async () => {
    demo = await startDemoServer()
  }, 120_000)
  afterAll(() => demo.stop())
  beforeEach(async () => {
    gateway = await startGatewayTo(demo.url)
    return () => gateway.stop()
  })

  const read = async (query: string | object) => {
    const user = { authorization: await bearer('1') }
    const { headers, text } = await ask(gateway.url, query, user)
    const status = textOf(headers['cache-status'])
    return { text, isHit: status.includes('hit') }
  }
  const write = async (field: string) => {
    const { text } = await ask(gateway.url, `mutation { ${field} }`, ADMIN)
    expect(JSON.parse(text)).not.toHaveProperty('errors')
  }
  const product = (id: number | string) => ({
    query: 'query ($id: Int!) { products_by_pk(id: $id) { name } }',
    variables: { id },
  })
  const isHit = async (query: string | object) => (await read(query)).isHit
  const rename = (id: number, name: string) =>
    write(`update_products_by_pk(pk_columns: {id: ${id}}, _set: {name: "${name}"}) { id }`)

  it('stay while other rows are written by their keys, and end with their own', async () => {
    await read(product(1))
    await read('{ products(limit: 1, order_by: {id: asc}) { name } }')
    await rename(2, 'other')
    expect(await isHit(product(1))).toBe(true)
    expect(await isHit('{ products(limit: 1, order_by: {id: asc}) { name } }')).toBe(false)
    await rename(1, 'renamed')
    expect(await read(product(1))).toMatchObject({
      isHit: false,
      text: expect.stringContaining('renamed'),
    })
  })

  it.each([
    ['many', 'update_products(where: {id: {_eq: 1}}, _set: {name: "many"}) { affected_rows }'],
    [
      'updated',
      'update_products_many(updates: [{where: {id: {_eq: 1}}, _set: {name: "updated"}}]) { affected_rows }',
    ],
    [
      'upserted',
      'insert_products_one(object: {id: 1, name: "upserted", price: 1}, on_conflict: {constraint: products_pkey, update_columns: [name]}) { id }',
    ],
  ])('end with whatever else writes the table: %s', async (name, field) => {
    await read(product(1))
    await write(field)
    expect(await read(product(1))).toMatchObject({
      isHit: false,
      text: expect.stringContaining(name),
    })
  })

  it('end when a row comes to be that was not there', async () => {
    expect((await read(product(9_999))).text).toContain('null')
    expect(await isHit(product(9_999))).toBe(true)
    await write('insert_products_one(object: {id: 9999, name: "new", price: 1}) { id }')
    expect((await read(product(9_999))).text).toContain('new')
    await write('delete_products_by_pk(id: 9999) { id }')
    expect((await read(product(9_999))).text).toContain('null')
  })

  it('end when a row takes their key, or leaves it', async () => {
    await write('insert_products_one(object: {id: 8888, name: "moving", price: 1}) { id }')
    await read(product(8_888))
    await read(product(7_777))
    await write('update_products_by_pk(pk_columns: {id: 8888}, _set: {id: 7777}) { id }')
    expect((await read(product(8_888))).text).toContain('null')
    expect((await read(product(7_777))).text).toContain('moving')
    await write('delete_products_by_pk(id: 7777) { id }')
  })

  it('end with the other tables that show in them', async () => {
    const query = `{ products_by_pk(id: 1) { ${NAMES} } }`
    await read(query)
    expect(await isHit(query)).toBe(true)
    await write('update_categories(where: {}, _inc: {id: 0}) { affected_rows }')
    expect(await isHit(query)).toBe(false)
  })
})

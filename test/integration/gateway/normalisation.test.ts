import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningDemo } from '../../../src/demo/start.ts'
import { ask, textOf } from '../../support/ask.ts'
import { startDemoServer } from '../../support/start-demo.ts'
import { bearer, type RunningGateway, startGatewayTo } from '../../support/start-gateway.ts'

const FIELD = 'products(where: {sku: {_neq: $sku}}, order_by: {id: asc}, limit: $n) { id }'
const SKU = 'AAAAAAAA-bbbb-4CCC-8ddd-eeeeeeeeeeee'
const inVariables = {
  query: `query ($n: Int!, $sku: uuid) { ${FIELD} }`,
  variables: { n: 2, sku: SKU },
}
const asLiterals = `{ products(where: {sku: {_neq: "${SKU.toLowerCase()}"}}, limit: 2, order_by: [{id: asc}]) { id } }`

describe('cache.normalisation', () => {
  let demo: RunningDemo
  const asked: string[] = []

  beforeAll(async () => {
    demo = await startDemoServer()
    const { executor } = demo.backend
    const execute = executor.execute.bind(executor)
    executor.execute = async (...args) => {
      asked.push(args[0].query)
      return await execute(...args)
    }
  }, 120_000)
  afterAll(() => demo.stop())

  const read = async (gateway: RunningGateway, query: string | object) => {
    const user = { authorization: await bearer('1') }
    const { headers, text } = await ask(gateway.url, query, user)
    return { text, isHit: textOf(headers['cache-status']).includes('; hit') }
  }

  it('schema: answers a value in the query as one in a variable, and asks Hasura as the client wrote', async () => {
    const gateway = await startGatewayTo(demo.url, { cache: { normalisation: 'schema' } })
    try {
      const first = await read(gateway, inVariables)
      expect(first.isHit).toBe(false)
      expect(asked.at(-1)).toBe(inVariables.query)
      expect(await read(gateway, asLiterals)).toEqual({ text: first.text, isHit: true })
      const other = { ...inVariables, variables: { n: 3, sku: SKU } }
      expect((await read(gateway, other)).isHit).toBe(false)
    } finally {
      await gateway.stop()
    }
  })

  it('text: keeps them apart', async () => {
    const gateway = await startGatewayTo(demo.url)
    try {
      await read(gateway, inVariables)
      expect((await read(gateway, inVariables)).isHit).toBe(true)
      expect((await read(gateway, asLiterals)).isHit).toBe(false)
      expect(asked.at(-1)).toBe(asLiterals)
    } finally {
      await gateway.stop()
    }
  })
})

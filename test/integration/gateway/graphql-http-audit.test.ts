import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import type * as Graphql from 'graphql'
import { serverAudits } from 'graphql-http'
import { createHandler } from 'graphql-http/lib/use/http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningGateway, startGatewayTo } from '../../support/start-gateway.ts'

/** What the gateway does otherwise on purpose: docs/adr/0012-media-types-and-statuses.md. */
const REFUSED_SHOULDS = ['9ABE', 'BCF8']

// The copy that graphql-http has: the test runner would load another one.
const { buildSchema }: typeof Graphql = createRequire(import.meta.url)('graphql')

let upstream: Server
let gateway: RunningGateway

beforeAll(async () => {
  const handler = createHandler({ schema: buildSchema('type Query { hello: String }') })
  upstream = createServer((request, response) => {
    handler(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((listening) => upstream.listen(0, '127.0.0.1', listening))
  const { port } = upstream.address() as AddressInfo
  gateway = await startGatewayTo(`http://127.0.0.1:${port}`, { auth: { adminSecrets: [] } })
})

afterAll(async () => {
  await gateway.stop()
  upstream.closeAllConnections()
  await new Promise((closed) => upstream.close(closed))
})

describe('graphql-http’s audits of the gateway before a conforming server', () => {
  const audits = serverAudits({ url: () => `${gateway.url}/v1/graphql` })
  const must = audits.filter(({ name }) => name.startsWith('MUST'))
  const should = audits.filter(({ name }) => name.startsWith('SHOULD'))

  it('are those that were counted on', () => {
    expect(must.length).toBeGreaterThanOrEqual(13)
    expect(should.length).toBeGreaterThanOrEqual(20)
  })

  it.each(must)('$id $name', async ({ fn }) => {
    expect(await fn()).toMatchObject({ status: 'ok' })
  })

  it.each(should.filter(({ id }) => !REFUSED_SHOULDS.includes(id)))('$id $name', async ({ fn }) => {
    expect(await fn()).toMatchObject({ status: 'ok' })
  })

  it.each(should.filter(({ id }) => REFUSED_SHOULDS.includes(id)))(
    '$id, refused for the sake of Hasura’s clients: $name',
    async ({ fn }) => {
      expect(await fn()).toMatchObject({ status: 'warn' })
    },
  )
})

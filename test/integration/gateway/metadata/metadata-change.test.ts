import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { catalogText } from '../../../support/catalog-text.ts'
import { ADMIN_SECRET } from '../../../support/gateway-options.ts'
import { exportOf, table } from '../../../support/plan-of.ts'
import { bearer, type RunningGateway, startGatewayTo } from '../../../support/start-gateway.ts'

const QUERY = { query: '{ products { id } }' }
const OWN = { owner: { _eq: 'X-Hasura-User-Id' } }

/** Hasura with one table, whose filter for users any other request to /v1/metadata sets. */
class TestHasura {
  filter: object = {}
  version = 1
  isDown = false
  /** Reading metadata waits for it. */
  gate: Promise<void> | undefined
  calls = 0
  /** Each query waits for it. */
  hold: Promise<void> | undefined
  readonly #server = createServer((request, response) => void this.#respond(request, response))

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address() as AddressInfo
    return `http://127.0.0.1:${address.port}`
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request)
    if (request.url === '/v1/graphql') {
      this.calls += 1
      const data = { call: this.calls }
      await this.hold
      send(response, { data })
    } else if (this.isDown && body.includes('export_metadata')) {
      send(response, { error: 'down' }, 503)
    } else if (request.url === '/v2/query') {
      const catalog = catalogText({ tables: ['products'] })
      send(response, { result_type: 'TuplesOk', result: [['catalog'], [catalog]] })
    } else if (body.includes('export_metadata')) {
      const tables = [table('products', { user: this.filter })]
      await this.gate
      send(response, { ...exportOf({ tables }), resource_version: this.version })
    } else {
      this.filter = OWN
      this.version += 1
      send(response, { message: 'success' })
    }
  }
}

function send(response: ServerResponse, value: object, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
}

describe('a change of permissions through the gateway', () => {
  const hasura = { current: new TestHasura() }
  let running: RunningGateway

  beforeEach(async () => {
    hasura.current = new TestHasura()
    running = await startGatewayTo(await hasura.current.start())
  })
  afterEach(async () => {
    await running.stop()
    await hasura.current.stop()
  })

  const ask = async (user: string) => {
    const response = await fetch(`${running.url}/v1/graphql`, {
      method: 'POST',
      headers: { authorization: await bearer(user), 'content-type': 'application/json' },
      body: JSON.stringify(QUERY),
    })
    return { status: response.headers.get('cache-status') ?? '', text: await response.text() }
  }
  const change = async () =>
    await fetch(`${running.url}/v1/metadata`, {
      method: 'POST',
      headers: { 'x-hasura-admin-secret': ADMIN_SECRET, 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'pg_create_select_permission', args: {} }),
    })

  it('ends sharing before the admin is told', async () => {
    const first = await ask('1')
    expect((await ask('2')).text).toBe(first.text)
    expect((await change()).status).toBe(200)
    const [one, two] = [await ask('1'), await ask('2')]
    expect(new Set([first.text, one.text, two.text]).size).toBe(3)
    expect((await ask('2')).status).toMatch(/hit/)
    expect(running.gateway.snapshot().metadata.resourceVersion).toBe(2)
  })

  it('is not answered before the metadata is read again', async () => {
    let open = (): void => undefined
    hasura.current.gate = new Promise((resolve) => {
      open = resolve
    })
    let isAnswered = false
    const changed = change().then(() => {
      isAnswered = true
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect([hasura.current.version, isAnswered]).toEqual([2, false])
    open()
    await changed
    expect(isAnswered).toBe(true)
  })

  it('leaves nothing of an answer that was under way', async () => {
    let release = (): void => undefined
    hasura.current.hold = new Promise((resolve) => {
      release = resolve
    })
    const early = ask('1')
    while (hasura.current.calls === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await change()
    release()
    const { text } = await early
    expect((await ask('1')).text).not.toBe(text)
    expect((await ask('2')).text).not.toBe(text)
  })

  it('ends sharing also when the metadata cannot be read again', async () => {
    await ask('1')
    hasura.current.isDown = true
    await change()
    const { metadata } = running.gateway.snapshot()
    expect([metadata.isLoaded, metadata.lastError?.message]).toEqual([
      false,
      'the upstream answered 503 to /v1/metadata',
    ])
    const [one, two] = [await ask('1'), await ask('2')]
    expect(one.text).not.toBe(two.text)
  })
})

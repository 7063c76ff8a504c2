import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/shared/clock.ts'
import { ask, send } from '../../support/ask.ts'
import { countingRows, EchoUpstream } from '../../support/echo-upstream.ts'
import { failingStore } from '../../support/failing-store.ts'
import { EVENTS_SECRET, gatewayOptions } from '../../support/gateway-options.ts'
import { openStore } from '../../support/open-store.ts'
import { parseExposition } from '../../support/parse-exposition.ts'
import { bearer, type RunningGateway, startGateway } from '../../support/start-gateway.ts'

const SECRET = { 'x-gerbang-events-secret': EVENTS_SECRET }
const upstream = new EchoUpstream()
const store = failingStore(openStore(systemClock))
let running: RunningGateway
let authorization: string

beforeAll(async () => {
  // Counts on from test to test: no two answers are alike.
  upstream.respond = countingRows()
  await upstream.start()
  running = await startGateway(gatewayOptions(upstream.url), { store })
  authorization = await bearer('7')
})
afterAll(async () => {
  await running.stop()
  await upstream.stop()
})
const eventOf = (name: string, change: object = {}): string =>
  JSON.stringify({
    created_at: new Date(Date.now() - 250).toISOString(),
    delivery_info: { current_retry: 0, max_retries: 10 },
    event: { op: 'UPDATE', data: { old: { id: 1 }, new: { id: 1 } }, session_variables: null },
    id: 'dbc1e9a5-68ae-4a0a-8b9b-7b36b3a1d4d5',
    table: { schema: 'public', name },
    trigger: { name: `gerbang_public_${name}_01234567` },
    ...change,
  })

const deliver = (
  body: string,
  headers: Record<string, string> = SECRET,
  path = '/events/default',
) =>
  send(running.url, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })

async function read(query: string): Promise<string> {
  const { status, text } = await ask(running.url, query, { authorization })
  expect(status).toBe(200)
  return text
}

async function counted(result: string): Promise<number> {
  const families = parseExposition(await running.gateway.metrics.metrics())
  const samples = families.get('gerbang_events_total')?.samples ?? []
  return samples.find(({ labels }) => labels['result'] === result)?.value ?? Number.NaN
}

describe('POST /events/:source', () => {
  it('makes the next read of the table fresh, and of no other', async () => {
    const products = await read('{ products { id } }')
    const orders = await read('{ orders { id } }')
    expect(await read('{ products { id } }')).toBe(products)
    const { status, text } = await deliver(eventOf('products'))
    expect({ status, text }).toEqual({ status: 200, text: '{"message":"success"}' })
    expect(await read('{ products { id } }')).not.toBe(products)
    expect(await read('{ orders { id } }')).toBe(orders)
  })

  it('tells sources apart', async () => {
    const products = await read('{ products { name } }')
    await deliver(eventOf('products'), SECRET, '/events/other')
    expect(await read('{ products { name } }')).toBe(products)
  })

  it('takes events twice, and an older one after a newer one', async () => {
    await deliver(eventOf('products'))
    const second = eventOf('products', { created_at: '2020-01-01T00:00:00Z' })
    expect((await deliver(second)).status).toBe(200)
    expect((await deliver(second)).status).toBe(200)
    const before = await read('{ products { id name } }')
    await deliver(second)
    expect(await read('{ products { id name } }')).not.toBe(before)
  })

  it('never keeps an answer that was under way when the event came', async () => {
    const held = upstream.hold()
    const received = upstream.received.length
    const slow = read('query Slow { products { id } }')
    await upstream.receives(received + 1)
    expect((await deliver(eventOf('products'))).status).toBe(200)
    held.release()
    expect(await read('query Slow { products { id } }')).not.toBe(await slow)
  })

  it('counts deliveries and how late they came', async () => {
    const before = await counted('taken')
    await deliver(eventOf('products'))
    expect(await counted('taken')).toBe(before + 1)
    const { lagMs } = running.gateway.snapshot().events
    expect(lagMs.max).toBeGreaterThanOrEqual(250)
  })

  it.each([
    ['a wrong secret', { 'x-gerbang-events-secret': `${EVENTS_SECRET}.` }],
    ['no secret', {}],
    ['the secret in another header', { 'x-hasura-admin-secret': EVENTS_SECRET }],
  ])('denies %s, and makes nothing stale', async (_case, headers) => {
    const products = await read('{ products { id } }')
    const before = await counted('denied')
    const { status, text } = await deliver(eventOf('products'), headers)
    expect(status).toBe(401)
    expect(JSON.parse(text)).toMatchObject({ code: 'access-denied' })
    expect(await counted('denied')).toBe(before + 1)
    expect(await read('{ products { id } }')).toBe(products)
  })

  it.each([
    ['no JSON', '{"table"', 'invalid-json'],
    ['no event', '{"table":{"schema":"public","name":"products"}}', 'unexpected-payload'],
    ['nothing', '', 'invalid-json'],
  ])('refuses %s', async (_case, body, code) => {
    const { status, text } = await deliver(body)
    expect(status).toBe(400)
    expect(JSON.parse(text)).toMatchObject({ code })
  })

  it('refuses what is too large, and makes everything stale', async () => {
    const products = await read('{ products { id } }')
    const { status, text } = await deliver(eventOf('orders', { padding: 'x'.repeat(20_000) }))
    expect(status).toBe(413)
    expect(JSON.parse(text)).toMatchObject({ code: 'payload-too-large' })
    expect(await read('{ products { id } }')).not.toBe(products)
    expect(await counted('too-large')).toBe(1)
  })

  it('is answered while the store is away, and what it concerns is not served', async () => {
    const products = await read('{ products { id } }')
    store.isDown = true
    expect((await deliver(eventOf('products'))).status).toBe(200)
    store.isDown = false
    expect(await read('{ products { id } }')).not.toBe(products)
  })

  it('takes nothing but POST there, and leaves the rest to Hasura', async () => {
    expect((await send(running.url, '/events/default')).status).toBe(200)
    expect(upstream.received.at(-1)).toMatchObject({ method: 'GET', path: '/events/default' })
  })
})

describe('without events.secret', () => {
  it('takes no events', async () => {
    const options = gatewayOptions(upstream.url)
    const events = { ...options.events, secret: undefined }
    const closed = await startGateway({ ...options, events })
    const { status, text } = await send(closed.url, '/events/default', {
      method: 'POST',
      headers: { 'x-gerbang-events-secret': '' },
      body: eventOf('products'),
    })
    await closed.stop()
    expect(status).toBe(404)
    expect(JSON.parse(text).error).toContain('events.secret')
  })
})

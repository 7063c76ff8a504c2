import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../../src/shared/clock.ts'
import type { Store } from '../../../../src/store/index.ts'
import { ask, send, textOf } from '../../../support/ask.ts'
import { sessionOf } from '../../../support/decode-claims.ts'
import { countingRows, type Respond, sendJson } from '../../../support/echo-upstream.ts'
import { failingStore } from '../../../support/failing-store.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { limitRule } from '../../../support/limit-rules.ts'
import { openStore } from '../../../support/open-store.ts'
import { openSocket, portOf, requestText } from '../../../support/raw-http.ts'
import { bearer, startGatewayTo, startWorld } from '../../../support/start-gateway.ts'
import { waitUntil } from '../../../support/wait-until.ts'

const PRODUCTS = '{ products { id } }'
const ORDERS = '{ orders { id } }'
const TOUCH = 'mutation { insert_products_one(object: {}) { id } }'

const user = { authorization: await bearer('1') }
const other = { authorization: await bearer('2') }

/** The rows of whoever asks. */
const ownRows: Respond = (received, response) => {
  sendJson(response, { data: { of: sessionOf(received)['x-hasura-user-id'] } })
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

async function askRaw(url: string): Promise<Socket> {
  const socket = await openSocket(portOf(url))
  const body = JSON.stringify({ query: PRODUCTS })
  socket.write(requestText('POST /v1/graphql HTTP/1.1', user, body))
  return socket
}

describe('pitfalls of answers', () => {
  it('4: who asks, and how often, is judged before anything is looked up', async () => {
    const clock = new FakeClock(Date.now())
    const rule = limitRule({ limit: 2, slots: 64 })
    const { url } = await startWorld({ rateLimit: { rules: [rule] } }, { clock })
    await ask(url, PRODUCTS, user)
    for (const [headers, reason] of [
      [{}, 'invalid-headers'],
      [{ authorization: `${user.authorization}x` }, 'invalid-jwt'],
      [{ cookie: 'gerbang-session=x', authorization: '' }, 'access-denied'],
    ] as const) {
      const refused = await ask(url, PRODUCTS, headers)
      expect([refused.text, refused.headers['cache-status']]).toEqual([
        expect.stringContaining(reason),
        'gerbang; detail=refused',
      ])
    }
    expect((await ask(url, PRODUCTS, user)).headers['cache-status']).toMatch(/^gerbang; hit/)
    expect((await ask(url, PRODUCTS, user)).status).toBe(429)
    clock.advance(3_700_000)
    expect((await ask(url, PRODUCTS, user)).text).toContain('JWTExpired')
  })

  it('5: an ETag is no oracle, and no mutation is answered by it', async () => {
    const { url, upstream } = await startWorld()
    upstream.respond = ownRows
    const { headers } = await ask(url, ORDERS, user)
    const stolen = { 'if-none-match': textOf(headers['etag']) }
    expect((await ask(url, ORDERS, { ...other, ...stolen })).status).toBe(200)
    upstream.respond = countingRows()
    expect((await ask(url, PRODUCTS, { ...user, ...stolen })).status).toBe(200)
    expect((await ask(url, ORDERS, stolen)).status).toBe(200)
    const before = upstream.received.length
    for (const condition of [stolen, { 'if-none-match': '*' }]) {
      expect((await ask(url, TOUCH, { ...user, ...condition })).status).toBe(200)
    }
    expect(upstream.received).toHaveLength(before + 2)
  })

  it('6: a header that is no part of the key leaves no trace in what is kept', async () => {
    const { url, upstream } = await startWorld()
    upstream.respond = ({ headers }, response) => {
      const { accept, origin, 'accept-language': language, 'x-forwarded-host': host } = headers
      response.setHeader('X-Poisoned', 'yes')
      response.setHeader('Access-Control-Allow-Origin', origin ?? 'none')
      sendJson(response, { data: { accept, origin, language, host } })
    }
    const poison = {
      'accept-language': 'poisoned-language',
      'x-forwarded-host': 'poisoned-host.example',
      origin: 'https://poisoned-origin.example',
      accept: 'application/graphql-response+json',
    }
    const poisoned = await ask(url, PRODUCTS, { ...user, ...poison })
    const clean = await ask(url, PRODUCTS, user)
    expect(clean.headers['cache-status']).toMatch(/^gerbang; hit/)
    // Words too long to stand in an ETag or the id of a request by chance.
    expect(`${clean.text} ${JSON.stringify(clean.headers)}`).not.toMatch(
      /poisoned|graphql-response/i,
    )
    expect(poisoned.headers['access-control-allow-origin']).toBe('https://poisoned-origin.example')
    expect(clean.headers['access-control-allow-origin']).toBeUndefined()
  })

  it('7: an answer with a cookie is not kept, and nobody else gets the cookie', async () => {
    const { url, upstream } = await startWorld()
    upstream.respond = (received, response) => {
      response.setHeader('Set-Cookie', `a=${String(sessionOf(received)['x-hasura-user-id'])}`)
      sendJson(response, { data: {} })
    }
    expect((await ask(url, PRODUCTS, user)).headers['set-cookie']).toBe('a=1')
    expect((await ask(url, PRODUCTS, other)).headers['set-cookie']).toBe('a=2')
    expect(upstream.received).toHaveLength(2)
  })

  it('14: a store out of step gives nobody another’s answer', async () => {
    const inner = failingStore(openStore(systemClock))
    let late: readonly (Buffer | undefined)[] = []
    const store: Store = {
      ...inner,
      // Each look-up gets what the one before it asked for.
      getMany: async (keys) => {
        const values = await inner.getMany(keys)
        const shifted = late.length === values.length ? late : values
        late = values
        return shifted
      },
    }
    const { url, upstream } = await startWorld({}, { store })
    upstream.respond = ownRows
    const people = await Promise.all(times(5, (index) => bearer(`${index}`)))
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(
        people.map(async (authorization, index) => {
          const { text } = await ask(url, ORDERS, { authorization })
          expect(text).toBe(`{"data":{"of":"${index}"}}`)
        }),
      )
    }
  })

  it.each<[string, string, string, number]>([
    ['errors beside data', '{"data":{"a":1},"errors":[{"message":"x"}]}', 'application/json', 200],
    ['errors with 200', '{"errors":[{"message":"x"}]}', 'application/json', 200],
    ['data that is null for an error', '{"data":null,"errors":[]}', 'application/json', 200],
    ['half an answer', '{"data":{"products":[', 'application/json', 200],
    ['another content type', '{"data":{}}', 'text/html', 200],
    ['another status', '{"data":{}}', 'application/json', 500],
  ])('15: is not kept: %s', async (_what, body, type, status) => {
    const { url, upstream } = await startWorld()
    upstream.respond = (_request, response) => {
      response.writeHead(status, { 'Content-Type': type }).end(body)
    }
    const answer = await ask(url, PRODUCTS, user)
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.headers['etag']).toBeUndefined()
    upstream.respond = countingRows()
    expect((await ask(url, PRODUCTS, user)).text).toBe('{"data":{"call":1}}')
  })

  it('35: 500 misses at once are one call, and at most one for each of three gateways', async () => {
    const one = await startWorld()
    one.upstream.respond = countingRows()
    await Promise.all(times(500, () => ask(one.url, PRODUCTS, user)))
    expect(one.upstream.received).toHaveLength(1)

    const { url, store, upstream } = await startWorld()
    const others = await Promise.all(times(2, () => startGatewayTo(upstream.url, {}, store)))
    const urls = [url, ...others.map((running) => running.url)]
    await Promise.all(times(300, (index) => ask(urls[index % 3] ?? url, PRODUCTS, user)))
    expect(upstream.received.length).toBeLessThanOrEqual(3)
    await Promise.all(others.map(({ stop }) => stop()))
  })

  it('36: who leads a flight and goes away takes nobody along', async () => {
    const { url, upstream, gateway } = await startWorld()
    const held = upstream.hold(countingRows())
    const leader = await askRaw(url)
    await upstream.receives(1)
    const waiting = ask(url, PRODUCTS, user)
    await waitUntil(() => gateway.snapshot().cache.waiters === 1)
    leader.destroy()
    held.release()
    expect((await waiting).text).toBe('{"data":{"call":1}}')
    expect(upstream.received).toHaveLength(1)
  })

  it('39: a subscription is asked anew for each, and never kept', async () => {
    const { url, upstream } = await startWorld()
    const held = upstream.hold(ownRows)
    const query = 'subscription { orders { id } }'
    const asking = [user, user, other].map((headers) => ask(url, query, headers))
    await upstream.receives(3)
    held.release()
    const answers = await Promise.all(asking)
    expect(answers.map(({ text }) => JSON.parse(text).data.of)).toEqual(['1', '1', '2'])
    for (const { headers } of answers) {
      expect(headers['etag']).toBeUndefined()
      expect(headers['cache-status']).toMatch(/^gerbang; fwd=bypass/)
    }
  })

  it('43: what others keep in the store outlives all that the gateway does', async () => {
    const { url, store, gateway } = await startWorld()
    const foreign = Buffer.from('somebody:else')
    await store.set(foreign, Buffer.from('1'))
    await ask(url, PRODUCTS, user)
    await ask(url, TOUCH, user)
    await ask(url, 'mutation { unknown_action { id } }', user)
    const body = '{"type":"reload_metadata","args":{}}'
    await send(url, '/v1/metadata', { method: 'POST', headers: user, body })
    const purges = [
      { key: '0'.repeat(40) },
      { family: '0'.repeat(40) },
      { operation: 'A' },
      { table: 'products' },
      { role: 'user' },
      { session_variable: { name: 'x-hasura-user-id', value: '1' } },
      { tag: 'any-write' },
      { everything: true },
    ]
    for (const what of purges) {
      for (const mode of ['soft', 'hard']) {
        await ask(url, PRODUCTS, user)
        await gateway.purge({ what, mode }, { via: 'admin', secret: 1, address: '127.0.0.1' })
        const context = `${mode}: ${JSON.stringify(what)}`
        expect(await store.get(foreign), context).toEqual(Buffer.from('1'))
      }
    }
  })

  it('44: nobody can tell from a hit that somebody with other rights has asked', async () => {
    const { url, upstream } = await startWorld()
    upstream.respond = ownRows
    const manager = { authorization: await bearer('1', 'manager', { 'x-hasura-org-id': '1' }) }
    // More than once: the gateway remembers what it has decided of a request.
    for (const answer of [/^gerbang; fwd=miss/, /^gerbang; hit/, /^gerbang; hit/]) {
      const asked = []
      for (const headers of [user, other, manager]) asked.push(await ask(url, ORDERS, headers))
      for (const { headers: told } of asked) expect(told['cache-status']).toMatch(answer)
      expect(asked.map(({ text }) => JSON.parse(text).data.of)).toEqual(['1', '2', '1'])
    }
    for (let round = 0; round < 3; round += 1) {
      const stranger = { authorization: await bearer(`stranger ${round}`) }
      expect((await ask(url, ORDERS, stranger)).headers['cache-status']).toMatch(/fwd=miss/)
    }
  })
})

import { describe, expect, it } from 'vitest'
import { type Asked, ask, send } from '../../support/ask.ts'
import { countingRows, type Respond, sendJson } from '../../support/echo-upstream.ts'
import { ADMIN_SECRET } from '../../support/gateway-options.ts'
import { openSocket, portOf, requestText } from '../../support/raw-http.ts'
import { bearer, startWorld } from '../../support/start-gateway.ts'
import { waitUntil } from '../../support/wait-until.ts'

const PRODUCTS = '{ products { id } }'
const TOUCH = 'mutation { insert_products_one(object: {}) { id } }'

const user = { authorization: await bearer('1') }

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

function statusesOf(answers: readonly Asked[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { headers } of answers) {
    const status = `${String(headers['cache-status'])}`
    counts.set(status, (counts.get(status) ?? 0) + 1)
  }
  return counts
}

describe('200 identical requests at once', () => {
  it('are one call of the upstream, and one answer', async () => {
    const { url, upstream, gateway } = await startWorld()
    const held = upstream.hold(countingRows())
    const asking = times(200, () => ask(url, PRODUCTS, user))
    await waitUntil(() => gateway.snapshot().cache.waiters === 199)
    held.release()
    const answers = await Promise.all(asking)
    expect(upstream.received).toHaveLength(1)
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['{"data":{"call":1}}']))
    expect(statusesOf(answers)).toEqual(
      new Map([
        ['gerbang; fwd=miss; stored; ttl=60', 1],
        ['gerbang; fwd=miss; collapsed; stored; ttl=60', 199],
      ]),
    )
  })

  it('share a failure, each told the same, and none of it is kept', async () => {
    const { url, upstream, gateway } = await startWorld()
    const held = upstream.hold((_request, response) => void response.destroy())
    const asking = times(20, () => ask(url, PRODUCTS, user))
    await waitUntil(() => gateway.snapshot().cache.waiters === 19)
    held.release()
    const answers = await Promise.all(asking)
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(
      new Set([
        '502 {"errors":[{"message":"the upstream closed the connection before its answer was complete","extensions":{"path":"$","code":"upstream-unreachable"}}]}',
      ]),
    )
    // Once more by the one who leads: the connection may just have been an idle one.
    expect(upstream.received).toHaveLength(2)
    upstream.respond = countingRows()
    expect((await ask(url, PRODUCTS, user)).text).toBe('{"data":{"call":1}}')
  })

  it('of many users share an error of the query, without a call for each', async () => {
    const { url, upstream, gateway } = await startWorld()
    const error = { message: 'database error', extensions: { path: '$', code: 'unexpected' } }
    const held = upstream.hold((_request, response) => sendJson(response, { errors: [error] }))
    const users = await Promise.all(times(20, (index) => bearer(`${index}`)))
    const asking = users.map((authorization) => ask(url, PRODUCTS, { authorization }))
    await waitUntil(() => gateway.snapshot().cache.waiters === 19)
    held.release()
    const answers = await Promise.all(asking)
    expect(new Set(answers.map(({ text }) => text))).toEqual(
      new Set([JSON.stringify({ errors: [error] })]),
    )
    expect(upstream.received).toHaveLength(1)
    await ask(url, PRODUCTS, user)
    expect(upstream.received).toHaveLength(2)
  })

  it.each(['invalid-jwt', 'access-denied', 'invalid-headers'])(
    'of many users do not share what the upstream says of the one who led: %s',
    async (code) => {
      const { url, upstream, gateway } = await startWorld()
      const [led, followed] = [await bearer('led'), await bearer('followed')]
      const held = upstream.hold(({ headers }, response) => {
        const isRefused = headers.authorization === led
        const refusal = { errors: [{ message: 'no', extensions: { path: '$', code } }] }
        sendJson(response, isRefused ? refusal : { data: { products: [] } })
      })
      const first = ask(url, PRODUCTS, { authorization: led })
      await upstream.receives(1)
      const second = ask(url, PRODUCTS, { authorization: followed })
      await waitUntil(() => gateway.snapshot().cache.waiters === 1)
      held.release()
      expect(JSON.parse((await first).text)).toHaveProperty('errors')
      expect((await second).text).toBe('{"data":{"products":[]}}')
    },
  )

  it('stay one call when the client goes away that came first', async () => {
    const { url, upstream, gateway } = await startWorld()
    const held = upstream.hold(countingRows())
    const leader = await openSocket(portOf(url))
    const body = JSON.stringify({ query: PRODUCTS })
    leader.write(
      requestText('POST /v1/graphql HTTP/1.1', { Authorization: user.authorization }, body),
    )
    await upstream.receives(1)
    const asking = times(10, () => ask(url, PRODUCTS, user))
    await waitUntil(() => gateway.snapshot().cache.waiters === 10)
    leader.destroy()
    held.release()
    const answers = await Promise.all(asking)
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['{"data":{"call":1}}']))
    expect(upstream.received).toHaveLength(1)
  })
})

describe('one who waits for another’s answer', () => {
  it('is served after its own timeout, with one more call for all who waited so long', async () => {
    const { url, upstream } = await startWorld({ cache: { waitTimeoutMs: 50 } })
    const late: (() => void)[] = []
    const answer = countingRows()
    upstream.respond = (request, response) => {
      if (upstream.received.length > 1) void answer(request, response)
      else late.push(() => sendJson(response, { data: { call: 'late' } }))
    }
    const leader = ask(url, PRODUCTS, user)
    await upstream.receives(1)
    const waiting = await Promise.all(times(20, () => ask(url, PRODUCTS, user)))
    expect(new Set(waiting.map(({ text }) => text))).toEqual(new Set(['{"data":{"call":1}}']))
    expect(upstream.received).toHaveLength(2)
    for (const land of late) land()
    expect((await leader).text).toBe('{"data":{"call":"late"}}')
  })
})

/** What writes products through the gateway; each must be answered before its answer is looked at. */
const WRITERS: readonly (readonly [what: string, write: (url: string) => Promise<unknown>])[] = [
  ['a mutation', async (url) => await ask(url, TOUCH, user)],
  ['a mutation in a batch', async (url) => await ask(url, [{ query: TOUCH }], user)],
  [
    'a mutation under another path',
    async (url) =>
      await send(url, '/v1alpha1/graphql', {
        method: 'POST',
        headers: user,
        body: JSON.stringify({ query: TOUCH }),
      }),
  ],
  [
    'a mutation under the path of relay',
    async (url) =>
      await send(url, '/v1beta1/relay', {
        method: 'POST',
        headers: user,
        body: JSON.stringify({ query: TOUCH }),
      }),
  ],
  [
    'SQL',
    async (url) =>
      await send(url, '/v2/query', {
        method: 'POST',
        headers: { 'x-hasura-admin-secret': ADMIN_SECRET },
        body: JSON.stringify({ type: 'run_sql', args: { sql: 'DELETE FROM products' } }),
      }),
  ],
  [
    'a REST endpoint',
    async (url) => await send(url, '/api/rest/products', { method: 'POST', headers: user }),
  ],
  [
    'a path in another spelling',
    async (url) =>
      await send(url, '/v1//graphql', {
        method: 'POST',
        headers: user,
        body: JSON.stringify({ query: TOUCH }),
      }),
  ],
]

describe.each(WRITERS)('%s', (_what, write) => {
  it('makes the next read fresh', async () => {
    const { url, upstream } = await startWorld()
    upstream.respond = countingRows()
    await ask(url, PRODUCTS, user)
    await write(url)
    const read = await ask(url, PRODUCTS, user)
    expect(read.text).toBe('{"data":{"call":3}}')
    expect(read.headers['cache-status']).toMatch(/fwd=miss; stored/)
  })

  it('keeps a fill from being served that began before it', async () => {
    const { url, upstream, gateway } = await startWorld()
    const held = upstream.hold(countingRows())
    const before = ask(url, PRODUCTS, user)
    await upstream.receives(1)
    upstream.respond = countingRows()
    await write(url)
    // What was asked before the write may be told what was there before; nobody later may.
    const after = await ask(url, PRODUCTS, user)
    expect(after.text).toBe('{"data":{"call":2}}')
    held.release()
    expect((await before).headers['cache-status']).toBe('gerbang; fwd=miss; detail=epoch')
    expect((await ask(url, PRODUCTS, user)).text).toBe('{"data":{"call":2}}')
    expect(gateway.snapshot().cache.discards).toMatchObject({ epoch: 1 })
  })

  it('keeps a fill from being served that is held back until it is over', async () => {
    const { url, upstream } = await startWorld()
    const held = upstream.hold(countingRows())
    const before = ask(url, PRODUCTS, user)
    await upstream.receives(1)
    upstream.respond = countingRows()
    await write(url)
    held.release()
    await before
    const calls = upstream.received.length
    await ask(url, PRODUCTS, user)
    expect(upstream.received).toHaveLength(calls + 1)
  })
})

describe('a mutation', () => {
  it('is answered only when its tables are stale', async () => {
    const { url, upstream } = await startWorld()
    upstream.respond = countingRows()
    for (let round = 1; round <= 20; round += 1) {
      const read = await ask(url, PRODUCTS, user)
      expect(JSON.parse(read.text)).toEqual({ data: { call: round * 2 - 1 } })
      await ask(url, TOUCH, user)
    }
  })

  const FAILURES: readonly (readonly [string, Respond])[] = [
    ['has an error', (_r, response) => sendJson(response, { errors: [{ message: 'no' }] })],
    ['has an error and data', (_r, response) => sendJson(response, { data: {}, errors: [{}] })],
    ['ends with a 5xx', (_r, response) => sendJson(response, { error: 'no' }, 500)],
    ['is cut off', (_r, response) => void response.destroy()],
    [
      'is answered in part',
      (_r, response) =>
        void response.writeHead(200, { 'Content-Length': 9 }).write('{', () => response.destroy()),
    ],
    [
      'is answered with HTML',
      (_r, response) => void response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>'),
    ],
    ['is never answered', () => undefined],
  ]

  it.each(FAILURES)('makes the next read fresh though it %s', async (_what, fail) => {
    const { url, upstream } = await startWorld({ upstream: { headersTimeoutMs: 300 } })
    const rows = countingRows()
    upstream.respond = rows
    await ask(url, PRODUCTS, user)
    upstream.respond = fail
    const failed = await ask(url, TOUCH, user)
    expect(JSON.parse(failed.text)).toHaveProperty('errors')
    upstream.respond = rows
    expect((await ask(url, PRODUCTS, user)).text).toBe('{"data":{"call":2}}')
  })

  it('is never sent twice', async () => {
    const { url, upstream } = await startWorld()
    upstream.respond = (_request, response) => void response.destroy()
    expect((await ask(url, TOUCH, user)).status).toBe(502)
    expect(upstream.received).toHaveLength(1)
  })

  it('goes on when its client goes away, and makes the next read fresh', async () => {
    const { url, upstream, gateway } = await startWorld()
    const rows = countingRows()
    upstream.respond = rows
    await ask(url, PRODUCTS, user)
    const held = upstream.hold(rows)
    const client = await openSocket(portOf(url))
    const body = JSON.stringify({ query: TOUCH })
    client.write(
      requestText('POST /v1/graphql HTTP/1.1', { Authorization: user.authorization }, body),
    )
    await upstream.receives(2)
    client.destroy()
    held.release()
    await waitUntil(() => gateway.snapshot().cache.invalidations['mutation'] === 1)
    expect((await ask(url, PRODUCTS, user)).text).toBe('{"data":{"call":3}}')
  })
})

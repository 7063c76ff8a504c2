import { createConnection } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Admin, createAdmin } from '../../../src/admin/index.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { silentLogger } from '../../../src/shared/logger.ts'
import { ask, send } from '../../support/ask.ts'
import { EchoUpstream } from '../../support/echo-upstream.ts'
import { failingStore } from '../../support/failing-store.ts'
import { ADMIN_SECRET, gatewayOptions } from '../../support/gateway-options.ts'
import { LIMIT_OPTIONS, limitRule } from '../../support/limit-rules.ts'
import { openStore } from '../../support/open-store.ts'
import { parseExposition } from '../../support/parse-exposition.ts'
import { bearer, type RunningGateway, startGateway } from '../../support/start-gateway.ts'

const SECRET = { 'x-hasura-admin-secret': ADMIN_SECRET }
const LIMIT = 3

describe('the admin listener', () => {
  const upstream = new EchoUpstream()
  const store = failingStore(openStore(systemClock))
  let running: RunningGateway
  let admin: Admin
  let url: string

  beforeAll(async () => {
    await upstream.start()
    const rules = [limitRule({ name: 'per-user', limit: LIMIT })]
    const rateLimit = { ...LIMIT_OPTIONS, rules }
    running = await startGateway({ ...gatewayOptions(upstream.url), rateLimit }, { store })
    admin = createAdmin(
      { host: '127.0.0.1', port: 0, secrets: ['another', ADMIN_SECRET] },
      { gateway: running.gateway, store, clock: systemClock, log: silentLogger },
    )
    await admin.start()
    url = `http://127.0.0.1:${admin.address.port}`
    const authorization = await bearer('7')
    for (let count = 0; count < LIMIT + 2; count += 1) {
      await ask(running.url, 'query List { products { id } }', { authorization })
    }
    await ask(running.url, '{ products {', SECRET)
  })
  afterAll(async () => {
    await admin.stop()
    await running.stop()
    await upstream.stop()
  })

  describe('GET /stats', () => {
    it('tells what happened', async () => {
      const { status, headers, text: body } = await send(url, '/stats', { headers: SECRET })
      expect(status).toBe(200)
      expect(headers['cache-control']).toBe('no-store')
      const { requests, operations, upstream: asked, limits, cache, ...rest } = JSON.parse(body)
      expect(requests).toMatchObject({ total: LIMIT + 3, inFlight: 0 })
      const counts = Object.entries<{ count: number }>(requests.byOutcome)
      const [miss, hits] = ['miss', 'hit'].map((name) => requests.byOutcome[name].count)
      expect(Object.fromEntries(counts.map(([name, { count }]) => [name, count]))).toEqual({
        hit: LIMIT - 1,
        miss: 1,
        stale: 0,
        coalesced: 0,
        bypass: 0,
        refused: 3,
        error: 0,
      })
      expect(requests.hitRatio).toBeCloseTo(hits / (miss + hits))
      expect(requests.byOutcome.hit.latencyMs).toEqual({
        p50: expect.any(Number),
        p90: expect.any(Number),
        p99: expect.any(Number),
        max: expect.any(Number),
      })
      expect(operations[0]).toMatchObject({ operation: 'List', hits: LIMIT - 1 })
      expect(asked).toMatchObject({ url: upstream.url, inFlight: 0 })
      expect(cache).toMatchObject({ fills: 1, flights: 0, waiters: 0 })
      expect(limits).toMatchObject({
        allowed: LIMIT,
        rejected: 2,
        rejectedByRule: { 'per-user': 2 },
        topRejected: [{ count: 2 }],
      })
      expect(rest).toMatchObject({
        takenAtMs: expect.any(Number),
        sessions: { created: 0, deleted: 0 },
        process: { pid: process.pid },
        store: { name: 'embedded', keys: expect.any(Number), evictions: 0 },
      })
      expect(rest.store.keys).toBeGreaterThan(1)
      expect(rest.store.usedBytes).toBeGreaterThan(0)
      expect(rest.store.info.server.redis_version).toBe('7.0.15')
    })

    it('never names a token, a secret or a query', async () => {
      const { text: body } = await send(url, '/stats', { headers: SECRET })
      expect(body).not.toContain(ADMIN_SECRET)
      expect(body).not.toContain('Bearer')
      expect(body).not.toContain('{ id }')
    })
  })

  it.each(['/healthz', '/stats', '/none', '/%zz'])(
    'sends security headers with %s',
    async (path) => {
      const { headers } = await send(url, path)
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      })
    },
  )

  describe('GET /metrics', () => {
    it('is a valid exposition', async () => {
      const { status, headers, text: body } = await send(url, '/metrics', { headers: SECRET })
      expect(status).toBe(200)
      expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
      const families = parseExposition(body)
      for (const { name, type, help, samples } of families.values()) {
        expect(help, name).not.toBe('')
        if (type === 'counter') expect(name).toMatch(/_total$/)
        // Closed sets only: a flood of users or queries must not become a flood of series.
        expect(samples.length, name).toBeLessThan(200)
      }
      expect(value(families, 'gerbang_requests_total', { outcome: 'hit' })).toBe(LIMIT - 1)
      expect(value(families, 'gerbang_ratelimit_decisions_total', { decision: 'deny' })).toBe(2)
      expect(value(families, 'gerbang_store_up', {})).toBe(1)
      expect(value(families, 'process_resident_memory_bytes', {})).toBeGreaterThan(0)
    })
  })

  describe('access', () => {
    it.each(['/stats', '/metrics'])('refuses %s without the secret', async (path) => {
      for (const headers of [{}, { 'x-hasura-admin-secret': 'wrong' }]) {
        const { status, text: body } = await send(url, path, { headers })
        expect(status).toBe(401)
        expect(JSON.parse(body)).toEqual({
          path: '$',
          error: 'invalid or missing "x-hasura-admin-secret"',
          code: 'access-denied',
        })
      }
    })

    it.each(['another', ADMIN_SECRET])('takes the secret %s', async (secret) => {
      const headers = { 'x-hasura-admin-secret': secret }
      expect((await send(url, '/stats', { headers })).status).toBe(200)
    })

    it.each([
      ['GET', '/nothing', 404],
      ['POST', '/stats', 404],
      ['GET', '/%zz', 400],
    ])('answers %s %s with %d', async (method, path, status) => {
      const answer = await sendRaw(admin, `${method} ${path} HTTP/1.1\r\nHost: a\r\n`)
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    })
  })

  describe('health', () => {
    it('is open to everybody', async () => {
      expect(await send(url, '/healthz')).toMatchObject({ status: 200, text: 'OK' })
    })

    it('is not ready while the store is down, and says so; the statistics go on', async () => {
      store.isDown = true
      try {
        const { status, text: body } = await send(url, '/readyz')
        expect(status).toBe(503)
        expect(JSON.parse(body).missing).toContain('the store does not answer')
        const stats = await send(url, '/stats', { headers: SECRET })
        expect(JSON.parse(stats.text).store.error).toContain('the connection is closed')
        const metrics = await send(url, '/metrics', { headers: SECRET })
        expect(value(parseExposition(metrics.text), 'gerbang_store_up', {})).toBe(0)
        expect((await send(url, '/healthz')).status).toBe(200)
      } finally {
        store.isDown = false
      }
    })
  })
})

function value(
  families: ReturnType<typeof parseExposition>,
  name: string,
  labels: Readonly<Record<string, string>>,
): number | undefined {
  const wanted = JSON.stringify(labels)
  const samples = families.get(name)?.samples
  return samples?.find((sample) => JSON.stringify(sample.labels) === wanted)?.value
}

/** For what an HTTP client would not send. */
async function sendRaw(to: Admin, head: string): Promise<string> {
  const socket = createConnection(to.address.port, '127.0.0.1')
  socket.write(`${head}Connection: close\r\n\r\n`)
  return await text(socket)
}

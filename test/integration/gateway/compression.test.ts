import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { request } from 'undici'
import { describe, expect, it } from 'vitest'
import { sendJson } from '../../support/echo-upstream.ts'
import { openSocket, portOf, readToEnd, requestText } from '../../support/raw-http.ts'
import { bearer, type OptionChanges, startWorld, type World } from '../../support/start-gateway.ts'
import { waitUntil } from '../../support/wait-until.ts'

const authorization = await bearer('1')
const PRODUCTS = JSON.stringify({ query: '{ products { id } }' })
const PLAIN = JSON.stringify({ data: { products: Array(500).fill({ name: 'Käse' }) } })
const TOUCH = JSON.stringify({ query: 'mutation { insert_products_one(object: {}) { id } }' })

interface Received {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** With the bytes as they came. */
async function askFor(
  { url }: World,
  acceptEncoding?: string,
  { body = PRODUCTS, ...fields }: Readonly<Record<string, string>> = {},
): Promise<Received> {
  const headers = {
    'content-type': 'application/json',
    authorization,
    ...(acceptEncoding === undefined ? {} : { 'accept-encoding': acceptEncoding }),
    ...fields,
  }
  const answer = await request(`${url}/v1/graphql`, { method: 'POST', headers, body })
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: Buffer.from(await answer.body.arrayBuffer()),
  }
}

async function startWarmWorld(
  fastLane: boolean,
  cache: OptionChanges['cache'] = {},
): Promise<World> {
  const world = await startWorld({ server: { fastLane }, cache })
  world.upstream.respond = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(PLAIN)
  }
  await askFor(world)
  return world
}

/** As whoever asks first has them made. */
async function makeVariants(world: World): Promise<void> {
  await askFor(world, 'br')
  await askFor(world, 'gzip')
  await waitUntil(() => world.gateway.snapshot().cache.variants['made'] === 2)
}

describe.each([
  ['in the fast lane', true],
  ['on Node.js’ HTTP server', false],
])('a large answer from the cache, %s', (_front, fastLane) => {
  it('goes as it is to who accepts nothing else', async () => {
    const world = await startWarmWorld(fastLane)
    for (const accepted of [undefined, 'identity', 'deflate', 'br;q=0, gzip;q=0', '*;q=0']) {
      const { headers, body } = await askFor(world, accepted)
      expect(body.toString()).toBe(PLAIN)
      expect(headers).not.toHaveProperty('content-encoding')
      expect(headers['vary']).toBe('Accept-Encoding')
      expect(headers['content-length']).toBe(`${Buffer.byteLength(PLAIN)}`)
    }
    expect(world.gateway.snapshot().cache.variants).toMatchObject({ made: 0, found: 0 })
  })

  it.each([
    ['br', brotliDecompressSync, 'gzip, deflate, br'],
    ['gzip', gunzipSync, 'gzip, deflate'],
    ['gzip', gunzipSync, 'identity;q=0, gzip;q=0.5, br;q=0.1'],
  ])('goes compressed with %s to who accepts it, once it is', async (...row) => {
    const [encoding, decompress, accepted] = row
    const world = await startWarmWorld(fastLane)
    await makeVariants(world)
    const { headers, body } = await askFor(world, accepted)
    expect(headers['content-encoding']).toBe(encoding)
    expect(headers['content-length']).toBe(`${body.length}`)
    expect(body.length).toBeLessThan(PLAIN.length / 5)
    expect(headers).toMatchObject({
      vary: 'Accept-Encoding',
      'cache-status': expect.stringContaining('gerbang; hit'),
    })
    expect(decompress(body).toString()).toBe(PLAIN)
  })

  it('has an ETag for each encoding, and 304 for each', async () => {
    const world = await startWarmWorld(fastLane)
    await makeVariants(world)
    const etags = new Set<string>()
    for (const accepted of ['identity', 'gzip', 'br']) {
      const etag = String((await askFor(world, accepted)).headers['etag'])
      etags.add(etag)
      const again = await askFor(world, accepted, { 'if-none-match': etag })
      expect([again.status, again.headers['etag'], again.body.length]).toEqual([304, etag, 0])
      expect(again.headers['vary']).toBe('Accept-Encoding')
      const other = accepted === 'br' ? 'gzip' : 'br'
      expect((await askFor(world, other, { 'if-none-match': etag })).status).toBe(200)
    }
    expect(etags.size).toBe(3)
  })

  it('is not compressed anew for a hit', async () => {
    const world = await startWarmWorld(fastLane)
    await makeVariants(world)
    for (let hits = 0; hits < 20; hits += 1) await askFor(world, 'br')
    expect(world.gateway.snapshot().cache.variants).toMatchObject({ made: 2, found: 0 })
    expect(world.upstream.received).toHaveLength(1)
  })

  it('is fetched anew when what it was read from is written', async () => {
    const world = await startWarmWorld(fastLane)
    await makeVariants(world)
    await askFor(world, 'br', { body: TOUCH })
    const { headers } = await askFor(world, 'br')
    expect(headers['cache-status']).toMatch(/fwd=miss; stored/)
    expect(headers).not.toHaveProperty('content-encoding')
  })

  it('is a part of a batch as it is', async () => {
    const world = await startWarmWorld(fastLane)
    await makeVariants(world)
    const { body } = await askFor(world, 'br', { body: `[${PRODUCTS}]` })
    expect(body.toString()).toBe(`[${PLAIN}]`)
  })

  it('is never compressed when that is switched off', async () => {
    const world = await startWarmWorld(fastLane, { compression: false })
    const { headers, body } = await askFor(world, 'br')
    expect(body.toString()).toBe(PLAIN)
    expect(headers).not.toHaveProperty('vary')
    expect(world.gateway.snapshot().cache.variants).toMatchObject({ made: 0, outdated: 0 })
  })
})

describe('a small answer from the cache', () => {
  it('says nothing of encodings and stays as it is', async () => {
    const world = await startWorld()
    world.upstream.respond = (_request, response) => sendJson(response, { data: {} })
    await askFor(world)
    const { headers, body } = await askFor(world, 'br')
    expect(body.toString()).toBe('{"data":{}}')
    expect(headers).not.toHaveProperty('vary')
  })
})

describe('the two front ends', () => {
  it('send the same bytes of a compressed answer', async () => {
    const answers: string[] = []
    for (const fastLane of [true, false]) {
      const world = await startWarmWorld(fastLane)
      await makeVariants(world)
      const socket = await openSocket(portOf(world.url))
      const all = readToEnd(socket)
      const fields = { Authorization: authorization, 'Content-Type': 'application/json' }
      const ask = (more: Readonly<Record<string, string>>): string =>
        requestText('POST /v1/graphql HTTP/1.1', { ...fields, ...more }, PRODUCTS)
      socket.write(ask({ 'Accept-Encoding': 'br' }) + ask({ 'Accept-Encoding': 'gzip' }))
      socket.write(`GET /healthz HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n`)
      answers.push(stable(await all))
    }
    const [lane, http] = answers
    expect(lane).toContain('Content-Encoding: br')
    expect(lane).toBe(http)
  })
})

function stable(answers: string): string {
  return answers
    .replace(/^(Date|X-Request-Id|Age): .*$/gim, '$1: some')
    .replace(/(ttl|max-age)=\d+/g, '$1=n')
}

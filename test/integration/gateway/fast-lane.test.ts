import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EchoUpstream, sendJson } from '../../support/echo-upstream.ts'
import { openSocket, portOf, rawExchange, readToEnd } from '../../support/raw-http.ts'
import { bearer, type RunningGateway, startGatewayTo } from '../../support/start-gateway.ts'

/** What is asked for with such an id has an answer of several packets. */
const LARGE_ID = 1_000
const LARGE_LENGTH = 30_000
const RUNS = 60
/** More than the kernel's buffers between the two hold. */
const LARGE_REQUESTS = 1_000
const MALFORMED_RUNS = 150

let upstream: EchoUpstream
/** The same gateway with and without the lane, which must not be told apart. */
let withLane: RunningGateway
let withoutLane: RunningGateway
let token: string

beforeAll(async () => {
  upstream = new EchoUpstream()
  await upstream.start()
  upstream.respond = ({ body }, response) => {
    const id = Number(/"id":(\d+)/.exec(body)?.[1] ?? 0)
    const name = 'x'.repeat(id < LARGE_ID ? 0 : LARGE_LENGTH)
    sendJson(response, { data: { products: [{ id, name }] } })
  }
  const limits = { bodyBytesMax: 40_000 }
  withLane = await startGatewayTo(upstream.url, { server: { fastLane: true }, limits })
  withoutLane = await startGatewayTo(upstream.url, { server: { fastLane: false }, limits })
  token = await bearer('1')
})

afterAll(async () => {
  await withLane.stop()
  await withoutLane.stop()
  await upstream.stop()
})

const query = (id: number, padding = 0): string =>
  JSON.stringify({
    query: `query ($id: Int) { products(where: { id: { _eq: $id } }) { id } }${' '.repeat(padding)}`,
    variables: { id },
  })

interface Wording {
  readonly line?: string
  readonly body?: string
  readonly fields?: readonly string[]
  readonly length?: string
  readonly authorization?: string
}

function request({
  line = 'POST /v1/graphql HTTP/1.1',
  body = query(1),
  fields = [],
  length = `Content-Length: ${Buffer.byteLength(body)}`,
  authorization = token,
}: Wording = {}): string {
  const lines = [
    line,
    'Host: gateway',
    'Content-Type: application/json',
    `Authorization: ${authorization}`,
    ...(length === '' ? [] : [length]),
    ...fields,
  ]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

const chunked = (body: string): string =>
  request({
    length: 'Transfer-Encoding: chunked',
    body: `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  })

const last = (): string => 'GET /healthz HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n'

const MUTATION = '{"query":"mutation { delete_products(where: {}) { affected_rows } }"}'

/**
 * Whole requests of all kinds that a client may send one after the other. No mutation: what is fetched at the same
 * time is kept or not, as it happens. Nor one that expects to be told to continue: Node.js (20.20) says so at the
 * wrong place when an answer before it takes its time.
 */
const wellFormed: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.integer({ min: 1, max: 5 }).map((id) => request({ body: query(id) })),
  },
  {
    weight: 2,
    arbitrary: fc
      .integer({ min: 1, max: 5 })
      .map((id) => request({ body: query(id), fields: ['Origin: http://shop.example'] })),
  },
  fc
    .constantFrom(
      ...[1, 2, 3, 4].map((times) => () => request({ body: query(times, 9_000 * times) })),
      () => request({ body: query(LARGE_ID) }),
      () => request({ body: '{"query":"{ products { id } }"' }),
      () => request({ body: '[{"query":"{ products { id } }"},{"query":"{"}]' }),
      () => request({ body: '{"query":"{ n: __typename }"}' }),
      () => request({ authorization: 'Bearer x.y.z' }),
      () => request({ fields: ['If-None-Match: *'] }),
      () => request({ fields: ['Cookie: a=b; c=d', 'X-Request-Id: mine'] }),
      () => request({ fields: ['X-Hasura-Role: user', 'Connection: keep-alive'] }),
      () => request({ fields: ['X-Twice: 1', 'X-Twice: 2'] }),
      () => request({ fields: ['X-Latin: \u00e9'] }),
      () => request({ line: 'GET /v1/version HTTP/1.1', body: '', length: '' }),
      () => request({ line: 'OPTIONS /v1/graphql HTTP/1.1', body: '', length: '' }),
      () => request({ line: 'POST /v1/graphql?x=1 HTTP/1.1' }),
      () => request({ length: 'Content-Length: 0', body: '' }),
      () => chunked(query(2)),
    )
    .map((word) => word()),
)

const malformed: fc.Arbitrary<string> = fc
  .constantFrom(
    () => request({ fields: ['Transfer-Encoding: chunked'] }),
    () => request({ fields: ['Content-Length: 5'] }),
    () => request({ length: 'Content-Length: +20' }),
    () => request({ length: 'Content-Length: 2, 2' }),
    () => request({ length: 'Content-Length: -1' }),
    () => request({ length: 'Content-Length: 99999999999999999999' }),
    () => request({ fields: ['X : y'] }),
    () => request({ fields: ['X: y\nZ: z'] }),
    () => request({ fields: ['X: y\rZ: z'] }),
    () => request({ fields: ['X: \0'] }),
    () => request({ fields: [' folded'] }),
    () => request({ fields: ['no colon'] }),
    () => request({ line: 'POST  /v1/graphql HTTP/1.1' }),
    () => request({ line: 'POST /v1/graphql HTTP/1.2' }),
    () => request({ line: 'POST /v1/graphql HTTP/2.0' }),
    () => request({ line: 'post /v1/graphql HTTP/1.1' }),
    () => request({ line: 'POST /v1/graphql HTTP/1.1 ' }),
    () => request({ line: 'POST /v1/graphql HTTP/1.0' }),
    () => request().replace('Host: gateway\r\n', ''),
    () => request({ fields: [`X-Large: ${'x'.repeat(20_000)}`] }),
    () => request({ body: query(1, 50_000) }),
    () => '\r\n\r\n',
    () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
  )
  .map((word) => word())

/** Sends the pieces, each in a packet of its own, and gives what comes back until the end. */
async function talk(port: number, pieces: readonly string[]): Promise<string> {
  const socket = await openSocket(port)
  const answers = readToEnd(socket)
  await sendPieces(socket, pieces)
  return stable(await answers)
}

async function sendPieces(socket: Socket, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return
    await new Promise((sent) => socket.write(piece, 'latin1', sent))
    await turn()
    await turn()
  }
}

/** Without what differs between any two answers. Node.js reads pipelined requests while one is being fetched. */
function stable(answers: string): string {
  return answers
    .replace(/^Date: .*$/gim, 'Date: now')
    .replace(/^X-Request-Id: (?!mine).*$/gim, 'X-Request-Id: some')
    .replace(/^Age: \d+/gim, 'Age: n')
    .replace(/gerbang; (hit|fwd=miss; collapsed; stored|fwd=miss; stored)/g, 'gerbang; kept')
    .replace(/(ttl|max-age)=\d+/g, '$1=n')
}

function cut(text: string, places: readonly number[]): string[] {
  const at = [...new Set(places.map((place) => place % text.length))].sort((a, b) => a - b)
  return [0, ...at].map((start, index) => text.slice(start, at[index] ?? text.length))
}

const places = fc.array(fc.nat(), { maxLength: 4 })

describe('the fast lane', () => {
  it('answers as Node.js’ HTTP server does, however requests follow each other and are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(wellFormed, { minLength: 1, maxLength: 5 }),
        places,
        async (requests, at) => {
          const pieces = cut([...requests, last()].join(''), at)
          const plain = await talk(portOf(withoutLane.url), pieces)
          expect(await talk(portOf(withLane.url), pieces)).toBe(plain)
        },
      ),
      { numRuns: RUNS },
    )
  })

  it.each<[string, Wording]>([
    ['a mutation', { body: MUTATION }],
    [
      'a request that waits to be told to continue',
      { fields: ['Expect: 100-continue', 'Connection: close'] },
    ],
  ])('answers %s as Node.js’ HTTP server does', async (_what, wording) => {
    await fc.assert(
      fc.asyncProperty(places, async (at) => {
        const pieces = cut(request(wording) + last(), at)
        const plain = await talk(portOf(withoutLane.url), pieces)
        expect(await talk(portOf(withLane.url), pieces)).toBe(plain)
      }),
      { numRuns: 10 },
    )
  })

  it('leaves to Node.js’ HTTP server what is not by the book', async () => {
    await fc.assert(
      fc.asyncProperty(malformed, places, async (text, at) => {
        const pieces = [...cut(text, at), last()]
        const plain = await talk(portOf(withoutLane.url), pieces)
        expect(await talk(portOf(withLane.url), pieces)).toBe(plain)
      }),
      { numRuns: MALFORMED_RUNS },
    )
  })

  it('serves a connection to its end when all it carries are plain requests', async () => {
    const socket = await openSocket(portOf(withLane.url))
    const before = withLane.gateway.snapshot().fastLane
    await sendPieces(socket, [request(), request({ body: query(77) }), request().slice(0, 60)])
    expect(withLane.gateway.snapshot().fastLane).toEqual(before)
    socket.destroy()
  })

  it('hands a connection over at the first request of another kind', async () => {
    const before = withLane.gateway.snapshot().fastLane.handedOver
    await rawExchange(portOf(withLane.url), request() + last())
    expect(withLane.gateway.snapshot().fastLane.handedOver).toBe(before + 1)
  })

  it('keeps the order of pipelined answers while one of them waits for the upstream', async () => {
    const bodies = [1, 500, 1, 501, 1].map((id) => query(id))
    const answers = await talk(portOf(withLane.url), [
      bodies.map((body) => request({ body })).join('') + last(),
    ])
    const ids = [...answers.matchAll(/"id":(\d+)/g)].map(([, id]) => Number(id))
    expect(ids.slice(0, bodies.length)).toEqual([1, 500, 1, 501, 1])
  })

  it('stops reading from a client that does not read', async () => {
    const socket = await openSocket(portOf(withLane.url))
    socket.pause()
    const large = Buffer.from(request({ body: query(LARGE_ID, LARGE_LENGTH) }))
    const writes = Array.from(
      { length: LARGE_REQUESTS },
      () => new Promise((written) => socket.write(large, written)),
    )
    const isWritten = Promise.all(writes).then(() => true)
    for (let turns = 0; turns < 2_000; turns += 1) await turn()
    expect(await Promise.race([isWritten, turn(false)])).toBe(false)

    let bytes = 0
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    socket.resume()
    expect(await isWritten).toBe(true)
    const closed = once(socket, 'close')
    await sendPieces(socket, [last()])
    await closed
    expect(bytes).toBeGreaterThan(LARGE_REQUESTS * LARGE_LENGTH)
  })
})

import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type Asked, ask, send } from '../../support/ask.ts'
import { countingRows, type Respond, sendJson } from '../../support/echo-upstream.ts'
import { JWT_KEY } from '../../support/gateway-options.ts'
import { openSocket, portOf, rawExchange, readToEnd, requestText } from '../../support/raw-http.ts'
import { bearer, startWorld, type World } from '../../support/start-gateway.ts'
import { forgeToken, hmacToken, rsaToken } from '../../support/tokens.ts'
import { waitUntil } from '../../support/wait-until.ts'

const PRODUCTS = '{ products { id } }'

const user = { authorization: await bearer('1') }

interface Refusal {
  readonly code: string
  readonly status?: number
  readonly message?: string | RegExp
  readonly path?: string
}

/** In Hasura's shape, told not to be kept by anyone, with nothing of a result in it. */
function expectRefusal(answer: Asked, { code, status = 200, message, path }: Refusal): void {
  expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(code)])
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  expect(answer.headers).not.toHaveProperty('etag')
  const body = JSON.parse(answer.text)
  expect(body).toEqual({
    errors: [
      {
        message: expect.any(String),
        extensions: expect.objectContaining({ path: path ?? expect.any(String), code }),
      },
    ],
  })
  if (message !== undefined) expect(body.errors[0].message).toMatch(message)
}

/** A good request is served as ever. */
async function expectHealthy({ url, upstream }: World): Promise<void> {
  upstream.respond = countingRows()
  const answer = await ask(url, '{ products { name } }', user)
  expect([answer.status, answer.text]).toEqual([200, '{"data":{"call":1}}'])
}

const deep = (levels: number): string => '{a'.repeat(levels) + '}'.repeat(levels)

const BODIES: readonly (readonly [what: string, body: string | Buffer, refusal: Refusal])[] = [
  ['nothing', '', { code: 'invalid-json' }],
  ['no JSON', 'query { products { id } }', { code: 'invalid-json' }],
  ['half of JSON', '{"query":"{ products', { code: 'invalid-json' }],
  ['JSON and more', '{"query":"{a}"} x', { code: 'invalid-json' }],
  ['a trailing comma', '{"query":"{a}",}', { code: 'invalid-json' }],
  ['a byte order mark', '\ufeff{"query":"{a}"}', { code: 'invalid-json' }],
  [
    'invalid UTF-8',
    Buffer.from([...Buffer.from('{"query":"{a}","x":"'), 0xc3, 0x28, ...Buffer.from('"}')]),
    { code: 'invalid-json', message: /UTF-8/ },
  ],
  [
    'a key twice',
    '{"query":"{a}","query":"{b}"}',
    { code: 'invalid-json', message: /twice/, path: '$.query' },
  ],
  [
    'a variable twice',
    '{"query":"query($v:Int){a(v:$v)}","variables":{"v":1,"v":2}}',
    { code: 'invalid-json', path: '$.variables.v' },
  ],
  [
    'a key twice, once escaped',
    '{"query":"{a}","\\u0071uery":"{b}"}',
    { code: 'invalid-json', path: '$.query' },
  ],
  ['lists too deep', '['.repeat(5_000), { code: 'invalid-json' }],
  ['a number', '1', { code: 'parse-failed' }],
  ['null', 'null', { code: 'parse-failed' }],
  ['no query', '{"variables":{}}', { code: 'parse-failed' }],
  ['a query that is no text', '{"query":1}', { code: 'parse-failed', path: '$.query' }],
  [
    'variables that are no object',
    '{"query":"{a}","variables":[]}',
    { code: 'parse-failed', path: '$.variables' },
  ],
  [
    'an empty operationName',
    '{"query":"query A {a}","operationName":""}',
    { code: 'parse-failed', path: '$.operationName' },
  ],
  [
    'an operation that is not there',
    '{"query":"query A {a}","operationName":"B"}',
    { code: 'validation-failed', message: 'no such operation found in the document: "B"' },
  ],
  [
    'two operations and no name',
    '{"query":"query A {a} mutation B {b}"}',
    { code: 'validation-failed', message: /exactly one operation/ },
  ],
  [
    'two operations of a name',
    '{"query":"query A {a} query A {b}","operationName":"A"}',
    { code: 'validation-failed' },
  ],
  [
    'two fragments of a name',
    '{"query":"{...f} fragment f on q {a} fragment f on q {b}"}',
    { code: 'parse-failed' },
  ],
  [
    'no GraphQL',
    '{"query":"{ products {"}',
    { code: 'validation-failed', path: '$.query', message: 'not a valid graphql query' },
  ],
  ['an empty document', '{"query":""}', { code: 'validation-failed', path: '$.query' }],
  [
    'a schema definition',
    '{"query":"type A {a: Int}"}',
    { code: 'validation-failed', path: '$.query' },
  ],
  ['fields too deep', JSON.stringify({ query: deep(60) }), { code: 'depth-limit-exceeded' }],
  ['fields far too deep', JSON.stringify({ query: deep(5_000) }), { code: 'depth-limit-exceeded' }],
  [
    'a fragment in itself',
    '{"query":"{...f} fragment f on q {...f}"}',
    { code: 'validation-failed' },
  ],
  [
    'too long a document',
    JSON.stringify({ query: `{${'a '.repeat(20_000)}}` }),
    { code: 'token-limit-exceeded', path: '$.query' },
  ],
  [
    'too long a batch',
    JSON.stringify(Array.from({ length: 101 }, () => ({ query: '{a}' }))),
    { code: 'batch-limit-exceeded' },
  ],
  [
    'a persisted query without its hash',
    '{"extensions":{"persistedQuery":{"version":1}}}',
    { code: 'persisted-query-invalid', status: 400 },
  ],
]

describe('a body that cannot be served', () => {
  it.each(BODIES)('is refused: %s', async (_what, body, refusal) => {
    const world = await startWorld()
    expectRefusal(await ask(world.url, Buffer.from(body), user), refusal)
    expect(world.upstream.received).toEqual([])
    await expectHealthy(world)
  })

  it('is refused when it is over the limit, whether it says its length or not', async () => {
    const world = await startWorld({ limits: { bodyBytesMax: 1_000 } })
    const body = Buffer.from(JSON.stringify({ query: PRODUCTS, x: 'x'.repeat(1_000) }))
    const tooLarge = { code: 'payload-too-large', status: 413 }
    expectRefusal(await ask(world.url, body, user), tooLarge)
    const chunked = await rawExchange(
      portOf(world.url),
      requestText('POST /v1/graphql HTTP/1.1', { 'Transfer-Encoding': 'chunked' }) +
        `${body.length.toString(16)}\r\n${body.toString()}\r\n0\r\n\r\n`,
    )
    expect(chunked).toMatch(/^HTTP\/1.1 413 /)
    expect(chunked).toContain('"code":"payload-too-large"')
    await expectHealthy(world)
  })

  it('is accepted at the limit', async () => {
    const { url } = await startWorld({ limits: { bodyBytesMax: 100 } })
    const body = JSON.stringify({ query: PRODUCTS })
    const padded = Buffer.from(body + ' '.repeat(100 - body.length))
    expect((await ask(url, padded, user)).text).toBe('{"data":{"products":[]}}')
  })

  it.each([
    [{ 'content-encoding': 'gzip' }, { code: 'unsupported-media-type', status: 415 }],
    [{ 'content-type': 'no media type' }, { code: 'unsupported-media-type', status: 415 }],
  ])('is refused with the headers %j', async (headers, refusal) => {
    const world = await startWorld()
    expectRefusal(await ask(world.url, PRODUCTS, { ...user, ...headers }), refusal)
    await expectHealthy(world)
  })

  it.each(['application/json', 'text/plain', 'application/graphql+json; charset=utf-8', ''])(
    'is read whatever its media type is: %j',
    async (type) => {
      const { url } = await startWorld()
      const body = JSON.stringify({ query: PRODUCTS })
      const sent = { Authorization: user.authorization, ...(type && { 'Content-Type': type }) }
      const answer = await rawExchange(
        portOf(url),
        requestText('POST /v1/graphql HTTP/1.1', { ...sent, Connection: 'close' }, body),
      )
      expect(answer).toMatch(/^HTTP\/1.1 200 [^]*{"data":{"products":\[\]}}$/)
    },
  )
})

const NAMESPACE = 'https://hasura.io/jwt/claims'
const inAnHour = Math.floor(Date.now() / 1_000) + 3_600
const hasura = (claims: object): object => ({ exp: inAnHour, [NAMESPACE]: claims })
const good = hasura({
  'x-hasura-allowed-roles': ['user'],
  'x-hasura-default-role': 'user',
  'x-hasura-user-id': '1',
})
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 })

const TOKENS: readonly (readonly [what: string, authorization: string, refusal: Refusal])[] = [
  [
    'another scheme',
    'Basic eDp5',
    { code: 'invalid-headers', message: 'Malformed Authorization header' },
  ],
  ['no token', 'Bearer', { code: 'invalid-headers' }],
  ['two words', 'Bearer a b', { code: 'invalid-headers' }],
  ['no JWT', 'Bearer abc', { code: 'invalid-jwt' }],
  ['no JSON in it', 'Bearer a.b.c', { code: 'invalid-jwt' }],
  ['an empty signature', `Bearer ${forgeToken({ alg: 'HS256' }, good)}`, { code: 'invalid-jwt' }],
  ['alg none', `Bearer ${forgeToken({ alg: 'none' }, good)}`, { code: 'invalid-jwt' }],
  ['alg NONE', `Bearer ${forgeToken({ alg: 'NONE' }, good)}`, { code: 'invalid-jwt' }],
  ['no alg', `Bearer ${forgeToken({}, good)}`, { code: 'invalid-jwt' }],
  [
    'another key',
    `Bearer ${hmacToken('another key of more than thirty-two bytes', good)}`,
    { code: 'invalid-jwt' },
  ],
  ['an RSA signature', `Bearer ${rsaToken(rsa.privateKey, good)}`, { code: 'invalid-jwt' }],
  ['claims changed after signing', `Bearer ${changedClaims()}`, { code: 'invalid-jwt' }],
  [
    'an end in the past',
    `Bearer ${hmacToken(JWT_KEY, { ...good, exp: 1 })}`,
    { code: 'invalid-jwt', message: /JWTExpired/ },
  ],
  [
    'a start in the future',
    `Bearer ${hmacToken(JWT_KEY, { ...good, nbf: inAnHour })}`,
    { code: 'invalid-jwt' },
  ],
  [
    'an exp that is no number',
    `Bearer ${hmacToken(JWT_KEY, { ...good, exp: 'never' })}`,
    { code: 'invalid-jwt' },
  ],
  ['no claims', `Bearer ${hmacToken(JWT_KEY, { exp: inAnHour })}`, { code: 'jwt-invalid-claims' }],
  ['no roles', `Bearer ${hmacToken(JWT_KEY, hasura({}))}`, { code: 'jwt-missing-role-claims' }],
  [
    'a default role that is not allowed',
    `Bearer ${hmacToken(JWT_KEY, hasura({ 'x-hasura-allowed-roles': [], 'x-hasura-default-role': 'user' }))}`,
    { code: 'access-denied' },
  ],
]

function changedClaims(): string {
  const [header = '', , signature = ''] = hmacToken(JWT_KEY, good).split('.')
  const claims = JSON.stringify({ ...good, sub: 'x' })
  return [header, Buffer.from(claims).toString('base64url'), signature].join('.')
}

describe('credentials that do not count', () => {
  it.each(TOKENS)(
    'are refused though the answer is kept: %s',
    async (_what, authorization, refusal) => {
      const world = await startWorld()
      await ask(world.url, PRODUCTS, user)
      expectRefusal(await ask(world.url, PRODUCTS, { authorization }), refusal)
      expect(world.upstream.received).toHaveLength(1)
      await expectHealthy(world)
    },
  )

  it.each([
    ['none', {}, { code: 'invalid-headers' }],
    ['a wrong admin secret', { 'x-hasura-admin-secret': 'wrong' }, { code: 'access-denied' }],
    ['an empty admin secret', { 'x-hasura-admin-secret': '' }, { code: 'access-denied' }],
    [
      'a role that is not allowed',
      { ...user, 'x-hasura-role': 'admin' },
      { code: 'access-denied' },
    ],
  ])('are refused: %s', async (_what, headers, refusal) => {
    const world = await startWorld()
    await ask(world.url, PRODUCTS, user)
    expectRefusal(await ask(world.url, PRODUCTS, headers), refusal)
    expect(world.upstream.received).toHaveLength(1)
  })

  it('are 401 where Hasura is told to keep those', async () => {
    const { url } = await startWorld({ auth: { preserve401Errors: true } })
    const wrong = await ask(url, PRODUCTS, { 'x-hasura-admin-secret': 'wrong' })
    expectRefusal(wrong, { code: 'access-denied', status: 401 })
  })
})

const UPSTREAMS: readonly (readonly [what: string, respond: Respond, refusal: Refusal])[] = [
  [
    'cuts the connection',
    (_q, r) => void r.destroy(),
    { code: 'upstream-unreachable', status: 502 },
  ],
  [
    'cuts the connection in the body',
    (_q, r) => {
      r.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 100 })
      r.write('{"data":', () => r.destroy())
    },
    { code: 'upstream-unreachable', status: 502 },
  ],
  [
    'cuts the connection in a body of unknown length',
    (_q, r) => {
      r.writeHead(200, { 'Content-Type': 'application/json' })
      r.write('{"data":{}}', () => r.destroy())
    },
    { code: 'upstream-unreachable', status: 502 },
  ],
  ['does not answer', () => undefined, { code: 'timeout', status: 504 }],
  [
    'stops in its answer',
    (_q, r) => {
      r.writeHead(200, { 'Content-Type': 'application/json' })
      r.write('{"data":')
    },
    { code: 'timeout', status: 504 },
  ],
  ['answers with HTML', html(200), { code: 'upstream-invalid-response', status: 502 }],
  ['answers 502 with HTML', html(502), { code: 'upstream-invalid-response', status: 502 }],
  [
    'answers 503 with JSON of its own',
    (_q, r) => sendJson(r, { message: 'no' }, 503),
    { code: 'upstream-invalid-response', status: 502, message: /503/ },
  ],
  [
    'answers with a redirect',
    (_q, r) => void r.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end(),
    { code: 'upstream-invalid-response', status: 502 },
  ],
  [
    'answers with no type',
    (_q, r) => void r.end('{"data":{}}'),
    { code: 'upstream-invalid-response', status: 502 },
  ],
  ['answers with nothing', raw(''), { code: 'upstream-invalid-response', status: 502 }],
  [
    'answers with half of JSON',
    raw('{"data":{"a":'),
    { code: 'upstream-invalid-response', status: 502 },
  ],
  ['answers with other JSON', raw('[1]'), { code: 'upstream-invalid-response', status: 502 }],
  [
    'answers with too much',
    raw(`{"data":"${'x'.repeat(1_000_000)}"}`),
    { code: 'upstream-invalid-response', status: 502, message: /larger/ },
  ],
  [
    'answers with what is no HTTP',
    (_q, r) => void r.socket?.end('hello\r\n\r\n'),
    { code: 'upstream-invalid-response', status: 502 },
  ],
]

function html(status: number): Respond {
  return (_request, response) => {
    response.writeHead(status, { 'Content-Type': 'text/html' }).end('<p>')
  }
}

function raw(body: string): Respond {
  return (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(body)
  }
}

describe('an upstream that', () => {
  const timeouts = { upstream: { headersTimeoutMs: 300, bodyTimeoutMs: 300 } }

  it.each(UPSTREAMS)('%s, is told of, and nothing is kept', async (_what, respond, refusal) => {
    const world = await startWorld(timeouts)
    world.upstream.respond = respond
    const cached = ask(world.url, PRODUCTS, user)
    const bypassed = ask(world.url, 'query @cached(ttl: 0) { products { id } }', user)
    expectRefusal(await cached, refusal)
    expectRefusal(await bypassed, refusal)
    world.upstream.respond = countingRows()
    expect((await ask(world.url, PRODUCTS, user)).text).toBe('{"data":{"call":1}}')
    await expectHealthy(world)
  })

  it('is down, is told of, and used once it is there', async () => {
    const world = await startWorld()
    const { port } = world.upstream
    await world.upstream.stop()
    expectRefusal(await ask(world.url, PRODUCTS, user), {
      code: 'upstream-unreachable',
      status: 502,
      message: 'the upstream cannot be reached',
    })
    world.upstream.server.listen(port, '127.0.0.1')
    await expectHealthy(world)
  })

  it('answers with errors, has them passed on and not kept', async () => {
    const { url, upstream } = await startWorld()
    const errors = [{ message: 'no', extensions: { path: '$.x', code: 'validation-failed' } }]
    for (const body of [{ errors }, { data: null, errors }, { data: { a: 1 }, errors }]) {
      upstream.respond = (_request, response) => sendJson(response, body)
      const answer = await ask(url, PRODUCTS, user)
      expect([answer.status, answer.text]).toEqual([200, JSON.stringify(body)])
      expect(answer.headers).toMatchObject({
        'cache-status': 'gerbang; fwd=miss; detail=errors',
        'cache-control': 'no-store',
      })
    }
    expect(upstream.received).toHaveLength(3)
  })

  it('is full, is not asked more: the rest is refused at once', async () => {
    const world = await startWorld({ upstream: { connections: 1, queueMax: 1 } })
    const held = world.upstream.hold(countingRows())
    const query = (id: number): string => `{ products(where: {id: {_eq: ${id}}}) { id } }`
    const first = [1, 2].map((id) => ask(world.url, query(id), user))
    await waitUntil(() => world.gateway.snapshot().upstream.inFlight === 2)
    const refused = await ask(world.url, query(3), user)
    expectRefusal(refused, { code: 'upstream-overloaded', status: 503 })
    expect(refused.headers['retry-after']).toBe('1')
    held.release()
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200])
    await expectHealthy(world)
  })
})

describe('what is no HTTP, or no URL', () => {
  it.each([
    ['another protocol', '\x16\x03\x01\x02\x00', 400],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    [
      'a length and chunks',
      requestText('POST /v1/graphql HTTP/1.1', { 'Transfer-Encoding': 'chunked' }, '0\r\n\r\n'),
      400,
    ],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      400,
    ],
    ['a bare line feed in a header', 'GET / HTTP/1.1\r\nHost: a\r\nX-A: b\nX-C: d\r\n\r\n', 400],
    ['headers too large', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ])('is refused: %s', async (_what, request, status) => {
    const world = await startWorld()
    const answer = await rawExchange(portOf(world.url), request)
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(world.upstream.received).toEqual([])
    await expectHealthy(world)
  })

  it('is refused in Hasura’s shape when a path cannot be decoded', async () => {
    const world = await startWorld()
    const { status, text } = await send(world.url, '/console/%zz')
    expect(status).toBe(400)
    expect(JSON.parse(text)).toMatchObject({ path: '$', code: 'bad-request' })
    await expectHealthy(world)
  })

  it('is refused when it does not arrive in time', async () => {
    const world = await startWorld({ server: { requestTimeoutMs: 100 } })
    const socket = await openSocket(portOf(world.url))
    socket.write('POST /v1/graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{')
    expect(await readToEnd(socket)).toMatch(/^HTTP\/1.1 408 /)
    await expectHealthy(world)
  })
})

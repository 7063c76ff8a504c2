import { describe, expect, it, onTestFinished } from 'vitest'
import type { AuthHookOptions } from '../../../../src/gateway/index.ts'
import { ask, send } from '../../../support/ask.ts'
import {
  EchoUpstream,
  echoIdentity,
  type Respond,
  sendJson,
} from '../../../support/echo-upstream.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { ADMIN_SECRET } from '../../../support/gateway-options.ts'
import { type OptionChanges, startWorld, type World } from '../../../support/start-gateway.ts'

const PRODUCTS = '{ products { id } }'
const ORDERS = '{ orders { id } }'
const RESPONSE_TYPE = { accept: 'application/graphql-response+json' }
const USER = { 'x-hasura-role': 'user', 'x-hasura-user-id': '7' }

interface HookWorld extends World {
  readonly hook: EchoUpstream
  readonly clock: FakeClock
}

/** A webhook that answers as told, a gateway that asks it, and an upstream that shows what it was told. */
async function start(
  answer: unknown = USER,
  changes: Partial<AuthHookOptions> = {},
  others: OptionChanges = {},
): Promise<HookWorld> {
  const hook = new EchoUpstream()
  await hook.start()
  onTestFinished(() => hook.stop())
  hook.respond = answering(answer)
  const clock = new FakeClock(Date.now())
  const auth = { jwtSecrets: [], hook: hookTo(hook.url, changes), ...others.auth }
  const world = await startWorld({ cache: { enabled: false }, ...others, auth }, { clock })
  world.upstream.respond = echoIdentity
  return { ...world, hook, clock }
}

function hookTo(url: string, changes: Partial<AuthHookOptions>): AuthHookOptions {
  return {
    url: `${url}/auth`,
    mode: 'GET',
    sendsRequestBody: true,
    timeoutMs: 30_000,
    connections: 16,
    queueMax: 100,
    maxAgeMs: 3_600_000,
    unkeyedHeaders: ['x-request-id', 'traceparent'],
    ...changes,
  }
}

/** JSON, or a text as it is. */
function answering(
  answer: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Respond {
  return (_request, response) => {
    response.writeHead(status, headers)
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  }
}

async function toldUpstream(
  world: World,
  headers: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const { text } = await ask(world.url, PRODUCTS, headers)
  const { data } = JSON.parse(text)
  return data?.headers ?? text
}

const secret = { 'x-hasura-admin-secret': ADMIN_SECRET }

describe('what the webhook says', () => {
  it.each<[string, unknown, Readonly<Record<string, string>>]>([
    ['is the session', USER, USER],
    ['may be a role alone', { 'x-hasura-role': 'user' }, { 'x-hasura-role': 'user' }],
    ['may be an admin', { 'x-hasura-role': 'admin' }, { 'x-hasura-role': 'admin' }],
    ['has names without a case', { 'X-Hasura-Role': 'user', 'X-HASURA-USER-ID': '7' }, USER],
    ['may have other fields', { ...USER, name: 'Ada', 'Cache-Control': 'whatever' }, USER],
    [
      'is text beyond ASCII as well',
      { ...USER, 'x-hasura-name': 'Zoë' },
      { ...USER, 'x-hasura-name': 'ZoÃ«' },
    ],
    ['may be empty but for the role', { ...USER, 'x-hasura-a': '' }, { ...USER, 'x-hasura-a': '' }],
    ['is no secret', { ...USER, 'x-hasura-admin-secret': 'a', 'X-Hasura-Access-Key': 'b' }, USER],
    [
      'opens nothing that the admin secret alone opens',
      { ...USER, 'x-hasura-use-backend-only-permissions': 'true' },
      USER,
    ],
  ])('%s', async (_name, answer, told) => {
    const world = await start(answer)
    expect(await toldUpstream(world)).toEqual({ ...secret, ...told })
  })

  it('is what counts, not what the client says', async () => {
    const world = await start()
    const claimed = { 'x-hasura-role': 'admin', 'x-hasura-user-id': '8', 'x-hasura-org-id': '9' }
    expect(await toldUpstream(world, claimed)).toEqual({ ...secret, ...USER })
    expect(world.hook.received[0]?.headers).toMatchObject(claimed)
  })

  it('is not asked for an admin', async () => {
    const world = await start()
    expect(await toldUpstream(world, { ...secret, 'x-hasura-role': 'editor' })).toEqual({
      ...secret,
      'x-hasura-role': 'editor',
    })
    expect(world.hook.received).toEqual([])
  })

  it('keeps the credentials that actions may be told', async () => {
    const world = await start()
    const shown = { authorization: 'Basic eDp5', cookie: 'a=b' }
    expect(await toldUpstream(world, shown)).toEqual({ ...secret, ...USER, ...shown })
  })

  it('is part of the key of what is cached', async () => {
    const world = await start(USER, {}, { cache: { enabled: true } })
    world.hook.respond = ({ headers }, response) => {
      sendJson(response, { 'x-hasura-role': 'user', 'x-hasura-user-id': headers['x-user'] })
    }
    const askAs = async (user: string): Promise<string> =>
      (await ask(world.url, ORDERS, { 'x-user': user })).text
    const [seven, eight] = [await askAs('7'), await askAs('8')]
    expect(seven).not.toBe(eight)
    expect(await askAs('7')).toBe(seven)
    expect(world.upstream.received).toHaveLength(2)
  })
})

describe('a refusal', () => {
  const INVALID = {
    code: 'unexpected',
    status: 500,
    message: 'Invalid response from authorization hook',
  }
  const NO_ROLE = {
    code: 'invalid-params',
    status: 400,
    message: '"x-hasura-role" not found in session variables',
  }

  it.each<[string, Respond, { code: string; status: number; message?: string }]>([
    [
      '401',
      answering(USER, 401),
      {
        code: 'access-denied',
        status: 401,
        message: 'Authentication hook unauthorized this request',
      },
    ],
    ['400', answering(USER, 400), INVALID],
    ['403', answering(USER, 403), INVALID],
    ['404', answering(USER, 404), INVALID],
    ['500', answering(USER, 500), INVALID],
    ['201', answering(USER, 201), INVALID],
    ['204', answering('', 204), INVALID],
    ['a redirect', answering(USER, 302, { location: '/elsewhere' }), INVALID],
    ['no role', answering({ 'x-hasura-user-id': '7' }), NO_ROLE],
    ['an empty object', answering({}), NO_ROLE],
    ['an empty role', answering({ 'x-hasura-role': '' }), NO_ROLE],
    ['no JSON', answering('user'), { code: 'unexpected', status: 500 }],
    ['nothing', answering(''), { code: 'unexpected', status: 500 }],
    ['half of it', answering('{"x-hasura-role":"user"'), { code: 'unexpected', status: 500 }],
    ['a list', answering([USER]), { code: 'unexpected', status: 500 }],
    ['null', answering(null), { code: 'unexpected', status: 500 }],
    ['a number', answering({ ...USER, 'x-hasura-org-id': 7 }), { code: 'unexpected', status: 500 }],
    [
      'a list of values',
      answering({ ...USER, 'x-hasura-ids': ['7'] }),
      { code: 'unexpected', status: 500 },
    ],
    [
      'a role that is a space',
      answering({ 'x-hasura-role': ' ' }),
      { code: 'unexpected', status: 500 },
    ],
    [
      'a role with a space before it',
      answering({ 'x-hasura-role': ' user' }),
      { code: 'unexpected', status: 500 },
    ],
    [
      'a line break',
      answering({ ...USER, 'x-hasura-a': 'b\r\nx-hasura-role: admin' }),
      { code: 'unexpected', status: 500 },
    ],
    [
      'a name that is no header',
      answering({ ...USER, 'x-hasura-a b': 'c' }),
      { code: 'unexpected', status: 500 },
    ],
    [
      'a role twice',
      answering('{"x-hasura-role":"user","x-hasura-role":"admin"}'),
      { code: 'unexpected', status: 500 },
    ],
    [
      'a role in two spellings',
      answering('{"x-hasura-role":"user","X-Hasura-Role":"admin"}'),
      { code: 'unexpected', status: 500 },
    ],
    [
      'more than it may be',
      answering({ ...USER, 'x-hasura-a': 'x'.repeat(70_000) }),
      { code: 'unexpected', status: 500, message: 'webhook authentication request failed' },
    ],
    [
      'a cut connection',
      (_request, response) => void response.destroy(),
      { code: 'unexpected', status: 500, message: 'webhook authentication request failed' },
    ],
  ])('stands for %s', async (_name, respond, { code, status, message }) => {
    const world = await start()
    world.hook.respond = respond
    const answer = await ask(world.url, PRODUCTS)
    expect(answer.status).toBe(200)
    expect(JSON.parse(answer.text)).toEqual({
      errors: [
        {
          message: message ?? expect.stringMatching(/^Invalid response from/),
          extensions: { path: '$', code },
        },
      ],
    })
    expect((await ask(world.url, PRODUCTS, RESPONSE_TYPE)).status).toBe(status)
    expect(world.upstream.received).toEqual([])
  })

  it.each([
    ['a wrong secret', 'wrong'],
    ['an empty one', ''],
  ])('of %s does not ask the webhook', async (_name, wrong) => {
    const world = await start()
    const { text } = await ask(world.url, PRODUCTS, { 'x-hasura-admin-secret': wrong })
    expect(text).toContain('access-denied')
    expect(world.hook.received).toEqual([])
  })

  it('keeps 401 where Hasura does', async () => {
    const world = await start(USER, {}, { auth: { preserve401Errors: true } })
    world.hook.respond = answering(USER, 401)
    expect((await ask(world.url, PRODUCTS)).status).toBe(401)
    world.hook.respond = answering(USER, 500)
    expect((await ask(world.url, PRODUCTS)).status).toBe(200)
  })

  it('comes when the webhook takes too long', async () => {
    const world = await start(USER, { timeoutMs: 20 })
    world.hook.hold()
    const { text } = await ask(world.url, PRODUCTS)
    expect(text).toContain('webhook authentication request failed')
    expect(world.gateway.snapshot().auth.hook).toMatchObject({ failed: 1 })
  })

  it('comes at once when too many wait, and leaves those who wait alone', async () => {
    const world = await start(USER, { connections: 1, queueMax: 1 })
    const held = world.hook.hold()
    const waiting = ['1', '2'].map((user) => ask(world.url, PRODUCTS, { 'x-user': user }))
    await world.hook.receives(1)
    const waitingCount = (): number => world.gateway.snapshot().requests.inFlight
    while (waitingCount() < 2) await new Promise(setImmediate)
    const { text } = await ask(world.url, PRODUCTS, { 'x-user': '3' })
    expect(text).toContain('webhook authentication request failed')
    held.release()
    for (const { text: served } of await Promise.all(waiting)) expect(served).toContain('"data"')
    expect(world.gateway.snapshot().auth.hook).toMatchObject({ overloaded: 1, accepted: 2 })
  })
})

describe('what the webhook is asked', () => {
  it('with GET are the client’s headers, but for those that Hasura keeps back', async () => {
    const world = await start()
    const ignored = {
      'accept-language': 'de',
      'cache-control': 'no-cache',
      'content-md5': 'x',
      dnt: '1',
      origin: 'https://app.example',
      referer: 'https://app.example/a',
      'user-agent': 'test',
    }
    const sent = {
      authorization: 'Bearer opaque',
      cookie: 'sid=1',
      'x-request-id': 'r',
      'x-other': 'y',
    }
    await ask(world.url, PRODUCTS, { ...ignored, ...sent })
    const { method, path, headers, body } = world.hook.received[0] ?? {}
    expect([method, path, body]).toEqual(['GET', '/auth', ''])
    expect(headers).toEqual({ ...sent, host: expect.any(String), connection: 'keep-alive' })
  })

  it('with POST are all of them, and the request', async () => {
    const world = await start(USER, { mode: 'POST' })
    const query = 'query P($id: bigint) { products { id } }'
    const body = Buffer.from(
      `{"query":"${query}","variables":{"id":12345678901234567890},"operationName":"P","extensions":{}}`,
    )
    await ask(world.url, body, {
      authorization: 'Bearer opaque',
      'x-name': Buffer.from('Zoë').toString('latin1'),
    })
    const asked = world.hook.received[0]
    expect([asked?.method, asked?.headers['content-type']]).toEqual(['POST', 'application/json'])
    expect(JSON.parse(asked?.body ?? '')).toMatchObject({
      headers: {
        authorization: 'Bearer opaque',
        'content-type': 'application/json',
        'x-name': 'Zoë',
        host: expect.any(String),
      },
      request: { query, operationName: 'P' },
    })
    expect(asked?.body).toContain('"variables":{"id":12345678901234567890}')
    expect(asked?.body).not.toContain('extensions')
  })

  it('with POST are all requests of a batch', async () => {
    const world = await start(USER, { mode: 'POST' })
    await ask(world.url, [{ query: PRODUCTS, operationName: null }, { query: ORDERS }])
    const { request } = JSON.parse(world.hook.received[0]?.body ?? '')
    expect(request).toEqual([{ query: PRODUCTS }, { query: ORDERS }])
  })

  it.each([
    ['no JSON', 'query'],
    ['no request', '{"a":1}'],
    ['a list with something else in it', `[{"query":"{a}"},1]`],
  ])('has no request for %s', async (_name, body) => {
    const world = await start(USER, { mode: 'POST' })
    await ask(world.url, Buffer.from(body))
    expect(Object.keys(JSON.parse(world.hook.received[0]?.body ?? ''))).toEqual(['headers'])
  })

  it('has no request where that is turned off', async () => {
    const world = await start(USER, { mode: 'POST', sendsRequestBody: false })
    await ask(world.url, PRODUCTS)
    expect(Object.keys(JSON.parse(world.hook.received[0]?.body ?? ''))).toEqual(['headers'])
  })

  it('is the same for GraphQL over GET', async () => {
    const world = await start(USER, { mode: 'POST' })
    await send(world.url, `/v1/graphql?query=${encodeURIComponent(PRODUCTS)}`)
    expect(JSON.parse(world.hook.received[0]?.body ?? '')).toMatchObject({
      request: { query: PRODUCTS },
    })
  })
})

describe('an answer of the webhook', () => {
  const forOneMinute = { ...USER, 'Cache-Control': 'max-age=60' }

  async function askedFor(
    world: HookWorld,
    ...headers: Readonly<Record<string, string>>[]
  ): Promise<number> {
    for (const sent of headers) await ask(world.url, PRODUCTS, sent)
    return world.hook.received.length
  }

  it('is good for one request unless it says for how long', async () => {
    expect(await askedFor(await start(), {}, {}, {})).toBe(3)
  })

  it('is good as long as max-age says', async () => {
    const world = await start(forOneMinute)
    expect(await askedFor(world, {}, {})).toBe(1)
    world.clock.advance(59_999)
    expect(await askedFor(world, {})).toBe(1)
    world.clock.advance(1)
    expect(await askedFor(world, {})).toBe(2)
    expect(world.gateway.snapshot().auth.hook).toMatchObject({ accepted: 2, remembered: 2 })
  })

  it('is good until Expires, which Cache-Control wins over', async () => {
    const world = await start()
    const inTwoMinutes = new Date(world.clock.nowMs() + 120_000).toUTCString()
    world.hook.respond = answering({ ...USER, Expires: inTwoMinutes })
    expect(await askedFor(world, {}, {})).toBe(1)
    world.clock.advance(120_000)
    const late = new Date(world.clock.nowMs() + 120_000).toUTCString()
    world.hook.respond = answering({ ...USER, Expires: late, 'Cache-Control': 'max-age=0' })
    expect(await askedFor(world, {}, {})).toBe(3)
  })

  it.each([
    ['what cannot be read', { 'Cache-Control': 'a minute', Expires: 'tomorrow' }],
    ['max-age=0', { 'Cache-Control': 'max-age=0' }],
    ['no-store beside a max-age', { 'Cache-Control': 'no-store, max-age=60' }],
    ['an Expires that is past', { Expires: 'Thu, 01 Jan 1970 00:00:00 GMT' }],
    [
      'names in another spelling',
      { 'cache-control': 'max-age=60', expires: 'Thu, 01 Jan 2099 00:00:00 GMT' },
    ],
  ])('is good for one request with %s', async (_name, said) => {
    expect(await askedFor(await start({ ...USER, ...said }), {}, {})).toBe(2)
  })

  it('is not taken from its headers, as in Hasura', async () => {
    const world = await start()
    world.hook.respond = answering(USER, 200, { 'cache-control': 'max-age=60' })
    expect(await askedFor(world, {}, {})).toBe(2)
  })

  it('is good for the configured time at most', async () => {
    const world = await start(forOneMinute, { maxAgeMs: 10_000 })
    expect(await askedFor(world, {})).toBe(1)
    world.clock.advance(10_000)
    expect(await askedFor(world, {})).toBe(2)
    expect(await askedFor(await start(forOneMinute, { maxAgeMs: 0 }), {}, {})).toBe(2)
  })

  it('is good for whoever sends the same, and for nobody else', async () => {
    const world = await start(forOneMinute)
    const different = [
      { authorization: 'Bearer a' },
      { authorization: 'Bearer b' },
      { cookie: 'a=b' },
      { 'x-hasura-role': 'user' },
      { 'x-a': 'b' },
      { 'x-ab': '' },
    ]
    expect(await askedFor(world, ...different, ...different)).toBe(different.length)
  })

  it('is good for what says nothing of who asks', async () => {
    const world = await start(forOneMinute)
    const sent = [
      { 'x-request-id': '1', traceparent: '1', 'user-agent': 'a' },
      { 'x-request-id': '2', traceparent: '2', 'user-agent': 'b' },
    ]
    expect(await askedFor(world, ...sent)).toBe(1)
  })

  it('is good for one request of a POST, and not for another', async () => {
    const world = await start(forOneMinute, { mode: 'POST' })
    for (const query of [PRODUCTS, ORDERS, PRODUCTS, ORDERS]) await ask(world.url, query)
    expect(world.hook.received).toHaveLength(2)
    const silent = await start(forOneMinute, { mode: 'POST', sendsRequestBody: false })
    for (const query of [PRODUCTS, ORDERS]) await ask(silent.url, query)
    expect(silent.hook.received).toHaveLength(1)
  })

  it('is waited for by all who ask the same meanwhile', async () => {
    const world = await start()
    const held = world.hook.hold()
    const asked = Array.from({ length: 50 }, () => ask(world.url, PRODUCTS))
    while (world.gateway.snapshot().auth.hook['shared'] !== 49) await new Promise(setImmediate)
    held.release()
    for (const { text } of await Promise.all(asked)) expect(text).toContain('"data"')
    expect(world.hook.received).toHaveLength(1)
  })

  it('sets its cookies for this client alone, and is not remembered then', async () => {
    const world = await start()
    world.hook.respond = (_request, response) => {
      response.writeHead(200, { 'set-cookie': ['a=1; HttpOnly', 'b=2'] })
      response.end(JSON.stringify(forOneMinute))
    }
    for (let count = 1; count <= 2; count += 1) {
      const { headers } = await ask(world.url, PRODUCTS)
      expect(headers['set-cookie']).toEqual(['a=1; HttpOnly', 'b=2'])
      expect(world.hook.received).toHaveLength(count)
    }
    world.hook.respond = answering(USER)
    expect((await ask(world.url, PRODUCTS)).headers['set-cookie']).toBeUndefined()
  })

  it('is not remembered when it was a refusal', async () => {
    const world = await start()
    world.hook.respond = answering(forOneMinute, 401)
    expect(await askedFor(world, {}, {})).toBe(2)
  })

  it('is remembered for so many at most', async () => {
    const world = await start(forOneMinute, {}, { auth: { tokensMax: 10 } })
    const users = Array.from({ length: 100 }, (_, user) => ({ 'x-user': String(user) }))
    expect(await askedFor(world, ...users)).toBe(100)
    expect(await askedFor(world, ...users)).toBe(200)
  })
})

describe('other paths to GraphQL', () => {
  it.each(['/v1alpha1/graphql', '/v1beta1/relay', '/api/rest/products'])(
    '%s has the webhook’s session',
    async (path) => {
      const world = await start()
      const body = JSON.stringify({ query: PRODUCTS })
      const { text } = await send(world.url, path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-hasura-role': 'admin' },
        body,
      })
      expect(JSON.parse(text).data.headers).toEqual({ ...secret, ...USER })
    },
  )

  it.each(['/v1alpha1/graphql', '/v1beta1/relay', '/api/rest/products'])(
    '%s is refused with it',
    async (path) => {
      const world = await start()
      world.hook.respond = answering(USER, 401)
      const body = JSON.stringify({ query: PRODUCTS })
      const { text } = await send(world.url, path, { method: 'POST', body })
      expect(text).toContain('Authentication hook unauthorized this request')
      expect(world.upstream.received).toEqual([])
    },
  )

  it.each([
    '/v1/metadata',
    '/v2/query',
    '/v1/graphql/explain',
    '//v1alpha1/graphql',
    '/v1/version',
  ])('%s gets no admin secret that its client has not', async (path) => {
    const world = await start({ 'x-hasura-role': 'admin' })
    await send(world.url, path, { method: 'POST', body: '{"type":"other"}' })
    expect(world.upstream.received.map(({ headers }) => headers['x-hasura-admin-secret'])).toEqual([
      undefined,
    ])
  })
})

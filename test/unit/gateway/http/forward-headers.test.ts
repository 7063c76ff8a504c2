import { describe, expect, it } from 'vitest'
import type { RequestHead } from '../../../../src/gateway/http/answer.ts'
import {
  answerHeaders,
  bufferedAnswerHeaders,
  ownRequestHeaders,
  passthroughRequestHeaders,
  sharedRequestHeaders,
  withoutCookie,
} from '../../../../src/gateway/http/forward-headers.ts'
import type { Identity } from '../../../../src/gateway/identity/identity.ts'

const identity: Identity = {
  kind: 'jwt',
  role: 'user',
  userId: '7',
  sessionVariables: new Map([['x-hasura-role', 'user']]),
  expiresAtMs: Number.POSITIVE_INFINITY,
  upstreamHeaders: new Map([['authorization', 'Bearer token']]),
  sessionId: undefined,
}
const SESSION = '__Host-session'

const head = (headers: RequestHead['headers'], trustedHops = 0): RequestHead => ({
  headers: { host: 'api.example', ...headers },
  requestId: 'id-1',
  socketAddress: '192.0.2.9',
  trustedHops,
})

const toObject = (flat: readonly string[]): Record<string, string> => {
  const pairs: [string, string][] = []
  for (let index = 0; index < flat.length; index += 2) {
    pairs.push([flat[index] ?? '', flat[index + 1] ?? ''])
  }
  return Object.fromEntries(pairs)
}

const HOSTILE = {
  authorization: 'Bearer other',
  'x-hasura-admin-secret': 'guess',
  'x-hasura-role': 'admin',
  'x-hasura-user-id': '1',
}

describe('the headers of a request whose answer is shared', () => {
  it('are those of the identity and few others', () => {
    const sent = head({
      ...HOSTILE,
      'accept-language': 'de',
      'content-type': 'text/plain',
      cookie: 'a=b',
      origin: 'https://shop.example',
      traceparent: '00-1-2-01',
    })
    expect(toObject(sharedRequestHeaders(sent, identity))).toEqual({
      'accept-encoding': 'identity',
      authorization: 'Bearer token',
      'content-type': 'application/json',
      traceparent: '00-1-2-01',
      'x-forwarded-for': '192.0.2.9',
      'x-forwarded-host': 'api.example',
      'x-forwarded-proto': 'http',
      'x-request-id': 'id-1',
    })
  })
})

describe('the headers of a request answered for one client', () => {
  it('are the client’s own, but for what it says about who it is', () => {
    const sent = head({ ...HOSTILE, 'accept-language': 'de', 'x-shop': '1', 'x-request-id': 'its' })
    const headers = toObject(ownRequestHeaders(sent, identity, SESSION))
    expect(headers).toMatchObject({
      'accept-language': 'de',
      authorization: 'Bearer token',
      'x-request-id': 'id-1',
      'x-shop': '1',
    })
    expect(Object.keys(headers).filter((name) => name.startsWith('x-hasura-'))).toEqual([])
  })

  it('lack what is about one connection, and what Connection names', () => {
    const sent = head({
      connection: 'keep-alive, X-Shop, authorization',
      'keep-alive': 'timeout=5',
      te: 'trailers',
      'transfer-encoding': 'chunked',
      upgrade: 'h2c',
      'x-shop': '1',
    })
    expect(Object.keys(toObject(ownRequestHeaders(sent, identity, SESSION))).sort()).toEqual([
      'accept-encoding',
      'authorization',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-forwarded-proto',
      'x-request-id',
    ])
  })

  it('hold the other cookies, not the session’s', () => {
    const sent = head({ cookie: `theme=dark; ${SESSION}=secret` })
    expect(toObject(ownRequestHeaders(sent, identity, SESSION))['cookie']).toBe('theme=dark')
  })
})

describe('the headers of a request passed through', () => {
  it('are as the client sent them, for Hasura to judge', () => {
    const sent = head({
      ...HOSTILE,
      'accept-encoding': 'gzip',
      'content-length': '3',
      cookie: 'a=b',
    })
    expect(toObject(passthroughRequestHeaders(sent, undefined, SESSION))).toMatchObject({
      ...HOSTILE,
      'accept-encoding': 'gzip',
      'content-length': '3',
      cookie: 'a=b',
    })
  })

  it('are of the session’s identity alone when a session was shown', () => {
    const sent = head({ ...HOSTILE, 'content-length': '3', cookie: `${SESSION}=secret` })
    const headers = toObject(passthroughRequestHeaders(sent, identity, SESSION))
    expect(headers).toMatchObject({ authorization: 'Bearer token', 'content-length': '3' })
    expect(headers).not.toHaveProperty('x-hasura-admin-secret')
    expect(headers).not.toHaveProperty('x-hasura-role')
    expect(headers).not.toHaveProperty('cookie')
  })

  it('believe forwarded headers behind a trusted proxy only', () => {
    const forwarded = {
      'x-forwarded-for': '198.51.100.1',
      'x-forwarded-host': 'shop.example',
      'x-forwarded-proto': 'https',
    }
    expect(toObject(passthroughRequestHeaders(head(forwarded), undefined, ''))).toMatchObject({
      'x-forwarded-for': '192.0.2.9',
      'x-forwarded-host': 'api.example',
      'x-forwarded-proto': 'http',
    })
    expect(toObject(passthroughRequestHeaders(head(forwarded, 1), undefined, ''))).toMatchObject({
      ...forwarded,
      'x-forwarded-for': '198.51.100.1, 192.0.2.9',
    })
  })
})

describe('the headers of an answer', () => {
  const upstream = {
    'access-control-allow-origin': 'https://other.example',
    connection: 'close, x-hop',
    'content-length': '10',
    'content-type': 'application/json',
    date: 'now',
    'set-cookie': ['a=1', 'b=2'],
    'transfer-encoding': 'chunked',
    'x-hop': '1',
    'x-request-id': 'theirs',
  }

  it('travel on but for those of the connection', () => {
    expect(answerHeaders(upstream)).toEqual([
      'access-control-allow-origin',
      'https://other.example',
      'content-length',
      '10',
      'content-type',
      'application/json',
      'set-cookie',
      'a=1',
      'set-cookie',
      'b=2',
    ])
  })

  it('leave length and CORS to the gateway when the answer was read whole', () => {
    const flat = bufferedAnswerHeaders(upstream)
    expect(flat).toEqual([
      'content-type',
      'application/json',
      'set-cookie',
      'a=1',
      'set-cookie',
      'b=2',
    ])
  })
})

describe('withoutCookie', () => {
  it.each([
    [undefined, ''],
    ['a=1', 'a=1'],
    ['s=1', ''],
    ['a=1; s=2; b=3', 'a=1; b=3'],
    ['s=1; s=2; ss=3', 'ss=3'],
    ['s', ''],
  ])('makes %j %j', (header, expected) => {
    expect(withoutCookie(header, 's')).toBe(expected)
  })
})

describe('a token in a header of its own', () => {
  const own: Identity = { ...identity, upstreamHeaders: new Map([['x-token', 'of the session']]) }

  it('is the identity’s alone, whatever the client sends there', () => {
    const flat = ownRequestHeaders(head({ 'x-token': 'other' }), own, SESSION)
    expect(flat.filter((_, index) => flat[index - (index % 2)] === 'x-token')).toEqual([
      'x-token',
      'of the session',
    ])
  })
})

describe('the cookie of a session', () => {
  it('is not passed through for who is known by something else', () => {
    const sent = head({ cookie: `a=1; ${SESSION}=secret; b=2` })
    expect(toObject(passthroughRequestHeaders(sent, undefined, SESSION))['cookie']).toBe('a=1; b=2')
    const only = head({ cookie: `${SESSION}=secret` })
    expect(toObject(passthroughRequestHeaders(only, undefined, SESSION))).not.toHaveProperty(
      'cookie',
    )
  })

  it('is no other cookie', () => {
    const cookie = `x${SESSION}=1; ${SESSION}x=2`
    expect(
      toObject(passthroughRequestHeaders(head({ cookie }), undefined, SESSION))['cookie'],
    ).toBe(cookie)
    expect(toObject(passthroughRequestHeaders(head({ cookie }), undefined, ''))['cookie']).toBe(
      cookie,
    )
  })
})

import { createHmac, type KeyObject, sign } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseJwtSecret } from '../../../../src/gateway/index.ts'
import { type Asked, ask, send } from '../../../support/ask.ts'
import { EchoUpstream } from '../../../support/echo-upstream.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { gatewayOptions } from '../../../support/gateway-options.ts'
import { type RunningGateway, startGateway } from '../../../support/start-gateway.ts'
import { ecKeyPair, forgeToken, hmacToken, rsaKeyPair, rsaToken } from '../../../support/tokens.ts'

const NOW = 1_700_000_000
const PRODUCTS = '{ products { id } }'
const NAMESPACE = 'https://hasura.io/jwt/claims'
const HASURA = {
  'x-hasura-allowed-roles': ['user', 'admin'],
  'x-hasura-default-role': 'user',
  'x-hasura-user-id': '7',
}
const CLAIMS = { [NAMESPACE]: HASURA, exp: NOW + 60 }
const CLAIMS_TEXT = JSON.stringify(CLAIMS)

const rsa = rsaKeyPair()
const attacker = rsaKeyPair()
const ec = ecKeyPair('prime256v1')
const secret = 'an attacker’s secret of at least thirty-two bytes'
const attackerJwk = attacker.publicKey.export({ format: 'jwk' })
const certificateUrl = 'https://attacker.example/key'
const HEADER = { alg: 'RS256', typ: 'JWT', kid: 'issuer' }

const encode = (text: string | Buffer): string => Buffer.from(text).toString('base64url')

/** Signed as the issuer would, whatever the parts hold. */
function signed(header: string, payload: string | Buffer, key: KeyObject = rsa.privateKey): string {
  const input = `${encode(header)}.${encode(payload)}`
  return `${input}.${encode(sign('sha256', Buffer.from(input), key))}`
}

/** The issuer's own, but for what is told. */
const withHeader = (more: object): string =>
  rsaToken(rsa.privateKey, CLAIMS, { ...HEADER, ...more })
const withClaims = (more: object): string =>
  rsaToken(rsa.privateKey, { ...CLAIMS, ...more }, HEADER)
const withPayload = (payload: string | Buffer): string => signed(JSON.stringify(HEADER), payload)
const genuine = withHeader({})

/** In the alphabet of base64url the last character of a 256-byte signature has four unused bits. */
function withOtherLastCharacter(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(token.slice(-1))
  return token.slice(0, -1) + alphabet.charAt(last ^ 1)
}

/** The issuer's public key is known to everybody; as the secret of an HMAC it must open nothing. */
const CONFUSED: readonly (readonly [string, string])[] = [
  ['in PEM', hmacToken(rsa.pem, CLAIMS, { kid: 'issuer' })],
  ['in PEM without its last line break', hmacToken(rsa.pem.trim(), CLAIMS, { kid: 'issuer' })],
  [
    'in DER',
    hmacToken(rsa.publicKey.export({ type: 'spki', format: 'der' }), CLAIMS, { kid: 'issuer' }),
  ],
  ['as JWK', hmacToken(JSON.stringify(rsa.publicKey.export({ format: 'jwk' })), CLAIMS)],
  ['with HS512', hmacToken(rsa.pem, CLAIMS, { kid: 'issuer' }, 512)],
]

const HOSTILE: readonly (readonly [string, string])[] = [
  ['alg none, unsigned', forgeToken({ alg: 'none' }, CLAIMS)],
  ['alg None', forgeToken({ alg: 'None' }, CLAIMS)],
  [
    'alg none under a signature',
    `${encode('{"alg":"none"}')}.${genuine.split('.').slice(1).join('.')}`,
  ],
  ['alg empty', forgeToken({ alg: '' }, CLAIMS)],
  ['no alg', forgeToken({ typ: 'JWT' }, CLAIMS)],
  ['alg in other letters', withHeader({ alg: 'ＲＳ256' })],
  ['alg in small letters', withHeader({ alg: 'rs256' })],
  ['alg a list', withHeader({ alg: ['RS256'] })],
  ['no signature', genuine.split('.').slice(0, 2).join('.')],
  ['an empty signature', `${genuine.split('.').slice(0, 2).join('.')}.`],
  ...CONFUSED.map(([how, token]) => [`the public key ${how} as HMAC secret`, token] as const),
  ['an HMAC with an empty secret', hmacToken('', CLAIMS, { kid: 'issuer' })],
  ['signed by somebody else', rsaToken(attacker.privateKey, CLAIMS, HEADER)],
  ['signed with another hash', rsaToken(rsa.privateKey, CLAIMS, HEADER, 512)],
  [
    'signed with another hash, and says so',
    rsaToken(rsa.privateKey, CLAIMS, { ...HEADER, alg: 'RS512' }, 512),
  ],
  [
    'an elliptic curve of nulls',
    forgeToken({ alg: 'ES256', kid: 'curve' }, CLAIMS, () => Buffer.alloc(64)),
  ],
  [
    'an elliptic curve in DER',
    forgeToken({ alg: 'ES256', kid: 'curve' }, CLAIMS, (input) =>
      sign('sha256', input, ec.privateKey),
    ),
  ],
  [
    'kid of another file',
    rsaToken(attacker.privateKey, CLAIMS, { ...HEADER, kid: '../../dev/null' }),
  ],
  ['kid of SQL', rsaToken(attacker.privateKey, CLAIMS, { ...HEADER, kid: "' UNION SELECT 'key" })],
  ['kid of the prototype', rsaToken(attacker.privateKey, CLAIMS, { ...HEADER, kid: '__proto__' })],
  ['kid an object', withHeader({ kid: { toString: 'issuer' } })],
  ['kid of another key', rsaToken(attacker.privateKey, CLAIMS, { ...HEADER, kid: 'curve' })],
  ['jku', rsaToken(attacker.privateKey, CLAIMS, { ...HEADER, jku: certificateUrl })],
  ['x5u', rsaToken(attacker.privateKey, CLAIMS, { ...HEADER, x5u: certificateUrl })],
  ['x5c', rsaToken(attacker.privateKey, CLAIMS, { ...HEADER, x5c: [attacker.pem] })],
  ['an embedded jwk', rsaToken(attacker.privateKey, CLAIMS, { ...HEADER, jwk: attackerJwk })],
  [
    'an embedded jwk of an HMAC',
    hmacToken(secret, CLAIMS, { jwk: { kty: 'oct', k: encode(secret) } }),
  ],
  ['crit', withHeader({ crit: ['exp'], exp: NOW + 60 })],
  ['crit that is empty', withHeader({ crit: [] })],
  ['b64 false', withHeader({ b64: false, crit: ['b64'] })],
  ['b64 false without crit', withHeader({ b64: false })],
  ['typ of a logout', withHeader({ typ: 'logout+jwt' })],
  ['typ of a proof of possession', withHeader({ typ: 'dpop+jwt' })],
  ['typ a list', withHeader({ typ: ['JWT'] })],
  ['nested, as cty says', withHeader({ cty: 'JWT' })],
  ['nested', withPayload(genuine)],
  ['encrypted', `${genuine}.${encode('tag')}.${encode('more')}`],
  ['trailing data', `${genuine}.`],
  ['trailing data in the signature', `${genuine}AAAA`],
  ['padding', `${genuine}==`],
  [
    'base64 that is not for URLs',
    genuine.replace(/\.[^.]*$/, (part) => part.replaceAll('-', '+').replaceAll('_', '/') + '='),
  ],
  ['another spelling of the signature', withOtherLastCharacter(genuine)],
  ['a header key twice', signed('{"alg":"none","alg":"RS256","kid":"issuer"}', CLAIMS_TEXT)],
  ['a claim twice', withPayload(`{"exp":1,${CLAIMS_TEXT.slice(1)}`)],
  [
    'a claim of Hasura twice',
    withPayload(
      CLAIMS_TEXT.replace(
        '"x-hasura-user-id":"7"',
        '"x-hasura-user-id":"7","x-hasura-user-id":"8"',
      ),
    ),
  ],
  [
    'a claim of Hasura in two spellings',
    withPayload(
      CLAIMS_TEXT.replace(
        '"x-hasura-user-id":"7"',
        '"x-hasura-user-id":"7","X-Hasura-User-Id":"8"',
      ),
    ),
  ],
  ['trailing data behind the claims', withPayload(`${CLAIMS_TEXT} {}`)],
  ['a mark of byte order before the claims', withPayload(`\uFEFF${CLAIMS_TEXT}`)],
  [
    'claims that are no UTF-8',
    withPayload(Buffer.from(CLAIMS_TEXT.replace('"7"', '"\u00ff"'), 'latin1')),
  ],
  ['half a character', withPayload(CLAIMS_TEXT.replace('"7"', '"\\ud800"'))],
  ['claims in a deep hole', withPayload(`{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`)],
  ['exp below zero', withClaims({ exp: -1 })],
  ['exp beyond all time', withClaims({ exp: 1e300 })],
  ['exp beyond all numbers', withPayload(CLAIMS_TEXT.replace(`${NOW + 60}`, '1e400'))],
  ['exp in milliseconds', withClaims({ exp: (NOW + 60) * 1_000 })],
  ['exp a text', withClaims({ exp: `${NOW + 60}` })],
  ['exp null', withClaims({ exp: null })],
  ['exp a list', withClaims({ exp: [NOW + 60] })],
  ['exp now', withClaims({ exp: NOW })],
  ['no exp, where it is required', rsaToken(rsa.privateKey, { [NAMESPACE]: HASURA }, HEADER)],
  ['nbf in the future', withClaims({ nbf: NOW + 1 })],
  ['iat in the future', withClaims({ iat: NOW + 1 })],
  ['another audience', withClaims({ aud: 'other' })],
  ['an audience of objects', withClaims({ aud: [{ app: true }] })],
  ['another issuer', withClaims({ iss: 'attacker' })],
  ['an issuer that is a list', withClaims({ iss: ['issuer'] })],
  ['oversized', withClaims({ padding: 'x'.repeat(60_000) })],
  [
    'a signature over nothing',
    `.${encode(CLAIMS_TEXT)}.${encode(createHmac('sha256', '').digest())}`,
  ],
]

const CODES = ['invalid-jwt', 'jwt-invalid-claims']

/** The code of a refusal. A head that is too large is refused, or cut off, before a token is seen in it. */
async function codeFor(asked: Promise<Asked>): Promise<unknown> {
  const answer = await asked.catch(() => 'cut off' as const)
  if (answer === 'cut off' || answer.status === 431) return 'too large'
  const { data, errors } = JSON.parse(answer.text)
  return data === undefined ? errors[0].extensions.code : data
}

describe('a hostile token', () => {
  const upstream = new EchoUpstream()
  const clock = new FakeClock(NOW * 1_000)
  let fixed: RunningGateway
  let fetched: RunningGateway
  const jwks = new EchoUpstream()
  let jwksCalls = 0

  beforeAll(async () => {
    await upstream.start()
    await jwks.start()
    jwks.respond = (_request, response) => {
      jwksCalls += 1
      const keys = [
        { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'issuer', use: 'sig', alg: 'RS256' },
        { ...ec.publicKey.export({ format: 'jwk' }), kid: 'curve', use: 'sig', alg: 'ES256' },
      ]
      response.end(JSON.stringify({ keys }))
    }
    const beside = { audience: 'app', issuer: 'issuer' }
    fixed = await start({ type: 'RS256', key: rsa.pem, ...beside })
    fetched = await start({ jwk_url: `${jwks.url}/jwks`, ...beside })
  })
  afterAll(async () => {
    await fixed.stop()
    await fetched.stop()
    await upstream.stop()
    await jwks.stop()
  })

  async function start(jwtSecret: object): Promise<RunningGateway> {
    const options = gatewayOptions(upstream.url)
    return await startGateway(
      {
        ...options,
        auth: {
          ...options.auth,
          jwtSecrets: [parseJwtSecret(jwtSecret)],
          tokenRules: { isStrict: true, requiresExpiry: true },
          // The worst that could happen: then what is refused would be served as this role.
          unauthorizedRole: 'anonymous',
        },
        cache: { ...options.cache, enabled: false },
      },
      { clock },
    )
  }

  it('is one of many, and all but the genuine one are others', () => {
    const tokens = HOSTILE.map(([, token]) => token)
    expect(new Set(tokens).size).toBe(tokens.length)
    expect(tokens.length).toBeGreaterThanOrEqual(60)
    expect(tokens).not.toContain(genuine)
  })

  it('is told from the genuine one', async () => {
    for (const { url } of [fixed, fetched]) {
      const answer = await ask(url, PRODUCTS, { authorization: `Bearer ${genuine}` })
      expect(answer.text).toBe('{"data":{"products":[]}}')
    }
  })

  it.each(HOSTILE)('is refused: %s', async (name, token) => {
    const headers = { authorization: `Bearer ${token}` }
    for (const { url } of [fixed, fetched]) {
      upstream.received.length = 0
      const expected = name === 'oversized' ? ['too large'] : CODES
      expect(expected).toContain(await codeFor(ask(url, PRODUCTS, headers)))
      const target = `/v1/graphql?query=${encodeURIComponent(PRODUCTS)}`
      expect(expected).toContain(await codeFor(send(url, target, { headers })))
      expect(upstream.received).toEqual([])
    }
  })

  it('makes the issuer be asked for its keys once, however many name keys that it has not', () => {
    expect(jwksCalls).toBe(2)
  })
})

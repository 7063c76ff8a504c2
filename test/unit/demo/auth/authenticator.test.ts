import { describe, expect, it } from 'vitest'
import { Authenticator } from '../../../../src/demo/auth/authenticator.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import {
  ecKeyPair,
  ecToken,
  ed25519KeyPair,
  ed25519Token,
  forgeToken,
  hmacToken,
  rsaKeyPair,
  rsaToken,
} from '../../../support/tokens.ts'

const KEY = 'a key of at least thirty-two bytes, for tests'
const SECRET = { type: 'HS256', key: KEY }
const NAMESPACE = 'https://hasura.io/jwt/claims'
const NOW_SECONDS = 1_700_000_000
const clock = new FakeClock(NOW_SECONDS * 1_000)

const HASURA = {
  'x-hasura-allowed-roles': ['user', 'editor'],
  'x-hasura-default-role': 'user',
  'X-Hasura-User-Id': '7',
}
const claims = (more: object = {}) => ({ [NAMESPACE]: HASURA, ...more })

function authenticator(jwt: object | undefined, unauthorizedRole?: string): Authenticator {
  const jwtSecret = jwt && JSON.stringify(jwt)
  return new Authenticator({ adminSecret: 'admin', jwtSecret, unauthorizedRole, clock })
}

/** Role and variables, or the code and message of the refusal. */
async function who(to: Authenticator, headers: Record<string, string>): Promise<unknown> {
  try {
    const { session } = await to.authenticate(new Map(Object.entries(headers)))
    return { role: session.role, ...Object.fromEntries(session.variables) }
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || !('status' in error)) throw error
    return [error.code, error.status, error.message]
  }
}
const withToken = (token: string, jwt: object = SECRET) =>
  who(authenticator(jwt), { authorization: `Bearer ${token}` })

const USER = { role: 'user', 'x-hasura-role': 'user', 'x-hasura-user-id': '7' }
const invalid = (reason: string) => ['invalid-jwt', 400, `Could not verify JWT: ${reason}`]

describe('a token', () => {
  const rsa = rsaKeyPair()
  const ec = ecKeyPair('prime256v1')
  const ed = ed25519KeyPair()

  it.each([
    ['HS256', SECRET, hmacToken(KEY, claims())],
    ['HS512 against HS256', SECRET, hmacToken(KEY, claims(), {}, 512)],
    ['RS256', { type: 'RS256', key: rsa.pem }, rsaToken(rsa.privateKey, claims())],
    ['ES256', { type: 'ES256', key: ec.pem }, ecToken(ec.privateKey, claims(), 'ES256', 'sha256')],
    ['Ed25519', { type: 'Ed25519', key: ed.pem }, ed25519Token(ed.privateKey, claims())],
  ])('of %s is taken', async (_name, jwt, token) => {
    expect(await withToken(token, jwt)).toEqual(USER)
  })

  it.each([
    ['without a signature', forgeToken({ alg: 'none' }, claims())],
    ['signed with the public key as a secret', hmacToken(rsa.pem, claims())],
  ])('%s is refused', async (_name, token) => {
    const jwt = { type: 'RS256', key: rsa.pem }
    expect(await withToken(token, jwt)).toEqual(invalid('JWSError JWSInvalidSignature'))
  })

  it.each([
    [{ exp: NOW_SECONDS + 1 }, {}, USER],
    [{ exp: NOW_SECONDS }, {}, invalid('JWTExpired')],
    [{ exp: NOW_SECONDS - 4 }, { allowed_skew: 5 }, USER],
    [{ nbf: NOW_SECONDS + 1 }, {}, invalid('JWTNotYetValid')],
    [{ iat: NOW_SECONDS + 1 }, {}, invalid('JWTIssuedAtFuture')],
    [{ iss: 'a' }, { issuer: 'a' }, USER],
    [{ iss: 'a' }, { issuer: 'b' }, invalid('JWTNotInIssuer')],
    [{}, { issuer: 'b' }, USER],
    [{ aud: 'a' }, { audience: ['b', 'a'] }, USER],
    [{ aud: ['a', 'c'] }, { audience: 'b' }, invalid('JWTNotInAudience')],
    [{ exp: 'soon' }, {}, invalid('JWTClaimsSetDecodeError')],
  ])('with %j against %j', async (registered, jwt, expected) => {
    const token = hmacToken(KEY, claims(registered))
    expect(await withToken(token, { ...SECRET, ...jwt })).toEqual(expected)
  })

  it('may have its claims elsewhere, or as text', async () => {
    const token = hmacToken(KEY, { ns: JSON.stringify(HASURA) })
    const jwt = { ...SECRET, claims_namespace: 'ns', claims_format: 'stringified_json' }
    expect(await withToken(token, jwt)).toEqual(USER)
    expect(await withToken(token)).toEqual([
      'jwt-invalid-claims',
      400,
      `claims key: '${NAMESPACE}' not found`,
    ])
  })

  it('chooses among its roles only', async () => {
    const authorization = `Bearer ${hmacToken(KEY, claims())}`
    const as = (role: string) =>
      who(authenticator(SECRET), { authorization, 'x-hasura-role': role, 'x-hasura-user-id': '8' })
    expect(await as('editor')).toEqual({ ...USER, role: 'editor', 'x-hasura-role': 'editor' })
    expect(await as('')).toEqual(USER)
    expect(await as('admin')).toEqual([
      'access-denied',
      400,
      'Your requested role is not in allowed roles',
    ])
  })

  it('tells when it ends, skew and all', async () => {
    const token = hmacToken(KEY, claims({ exp: NOW_SECONDS + 60 }))
    const headers = new Map([['authorization', `Bearer ${token}`]])
    const to = authenticator({ ...SECRET, allowed_skew: 5 })
    expect((await to.authenticate(headers)).expiresAtMs).toBe((NOW_SECONDS + 65) * 1_000)
  })
})

describe('without a token', () => {
  const required = '"x-hasura-admin-secret"/"x-hasura-access-key" required, but not found'

  it('everybody is an admin where there is no secret', async () => {
    const open = new Authenticator({ clock })
    expect(await who(open, {})).toMatchObject({ role: 'admin' })
    expect(await who(open, { 'x-hasura-role': 'user', 'x-hasura-org-id': '1' })).toEqual({
      role: 'user',
      'x-hasura-role': 'user',
      'x-hasura-org-id': '1',
    })
  })

  it('the secret opens under its old name too, and is no variable', async () => {
    expect(await who(authenticator(SECRET), { 'x-hasura-access-key': 'admin' })).toEqual({
      role: 'admin',
      'x-hasura-role': 'admin',
    })
  })

  it('nobody else is let in', async () => {
    expect(await who(authenticator(undefined), {})).toEqual(['access-denied', 401, required])
  })

  it('the unauthorized role is for who shows nothing, with the variables they send', async () => {
    const to = authenticator(SECRET, 'anonymous')
    expect(await who(to, { 'x-hasura-role': 'admin', 'x-hasura-org-id': '1' })).toEqual({
      role: 'anonymous',
      'x-hasura-role': 'anonymous',
      'x-hasura-org-id': '1',
    })
    expect(await who(to, { authorization: 'Bearer x' })).toMatchObject({ 0: 'invalid-jwt' })
  })
})

describe('settings', () => {
  it.each([
    [{ jwtSecret: JSON.stringify(SECRET) }, /need HASURA_GRAPHQL_ADMIN_SECRET/],
    [{ unauthorizedRole: 'anonymous' }, /need HASURA_GRAPHQL_ADMIN_SECRET/],
    [{ adminSecret: 'a', jwtSecret: '{' }, /expected JSON/],
    [{ adminSecret: 'a', jwtSecret: '{"type":"PS256","key":"k"}' }, /type: /],
    [{ adminSecret: 'a', jwtSecret: '{"type":"RS256","key":"k"}' }, /not a public key/],
    [{ adminSecret: 'a', jwtSecret: '{"type":"HS256","jwk_url":"http://x"}' }, /jwk_url/],
  ])('%j are refused', (settings, message) => {
    expect(() => new Authenticator({ ...settings, clock })).toThrow(message)
  })
})

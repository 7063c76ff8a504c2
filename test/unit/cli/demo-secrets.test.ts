import { decodeJwt, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { demoSecrets, signToken } from '../../../src/cli/demo-secrets.ts'
import { seededRandom } from '../../../src/shared/random.ts'

const NAMESPACE = 'https://hasura.io/jwt/claims'
const KEY = 'k'.repeat(64)

describe('demoSecrets', () => {
  it('makes secrets up when the environment has none', () => {
    const secrets = demoSecrets({}, seededRandom(1))
    expect(secrets.adminSecret).toMatch(/^[0-9a-f]{32}$/)
    expect(JSON.parse(secrets.jwtSecret)).toEqual({
      type: 'HS256',
      key: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  it('takes those of the environment', () => {
    const jwtSecret = JSON.stringify({ type: 'HS512', key: KEY })
    const environment = {
      HASURA_GRAPHQL_ADMIN_SECRET: 'mine',
      HASURA_GRAPHQL_JWT_SECRET: jwtSecret,
    }
    expect(demoSecrets(environment, seededRandom(1))).toMatchObject({
      adminSecret: 'mine',
      jwtSecret,
      signing: { algorithm: 'HS512', key: KEY },
    })
  })

  it.each([
    ['no JSON', '{"type":"HS256","key":"hunter2"'],
    ['a public key', JSON.stringify({ type: 'RS256', key: 'hunter2' })],
    ['keys at a URL', JSON.stringify({ jwk_url: 'https://hunter2.example' })],
    ['claims elsewhere', JSON.stringify({ type: 'HS256', key: 'hunter2', claims_map: {} })],
  ])('refuses %s, and does not repeat it', (_title, jwtSecret) => {
    const read = () => demoSecrets({ HASURA_GRAPHQL_JWT_SECRET: jwtSecret }, seededRandom(1))
    expect(read).toThrow(/must be of type HS256, HS384 or HS512/)
    expect(read).not.toThrow(/hunter2/)
  })
})

describe('signToken', () => {
  it('signs what Hasura expects of a user', async () => {
    const { signing } = demoSecrets({}, seededRandom(1))
    const token = await signToken(signing, { userId: '9', role: 'manager', orgId: '1' })
    const { payload } = await jwtVerify(token, new TextEncoder().encode(signing.key))
    expect(payload[NAMESPACE]).toEqual({
      'x-hasura-allowed-roles': ['manager'],
      'x-hasura-default-role': 'manager',
      'x-hasura-user-id': '9',
      'x-hasura-org-id': '1',
    })
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(12 * 3_600)
  })

  it('keeps to the namespace, issuer and audience of the secret', async () => {
    const jwtSecret = JSON.stringify({
      type: 'HS256',
      key: KEY,
      claims_namespace: 'claims',
      issuer: 'me',
      audience: ['you', 'them'],
    })
    const { signing } = demoSecrets({ HASURA_GRAPHQL_JWT_SECRET: jwtSecret }, seededRandom(1))
    const token = await signToken(signing, { userId: '1', role: 'user', orgId: undefined })
    expect(decodeJwt(token)).toMatchObject({
      iss: 'me',
      aud: 'you',
      claims: { 'x-hasura-user-id': '1' },
    })
  })
})

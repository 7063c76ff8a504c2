import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Authenticator } from '../../../src/demo/auth/authenticator.ts'
import { type GatewayOptions, parseJwtSecret } from '../../../src/gateway/index.ts'
import { ask } from '../../support/ask.ts'
import { EchoUpstream } from '../../support/echo-upstream.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ADMIN_SECRET, gatewayOptions, JWT_KEY } from '../../support/gateway-options.ts'
import { type RunningGateway, startGateway } from '../../support/start-gateway.ts'
import { hmacToken } from '../../support/tokens.ts'

const NOW = 1_700_000_000
const NAMESPACE = 'https://hasura.io/jwt/claims'
const RUNS = 400

const role = fc.constantFrom('user', 'editor', 'admin', 'User', '')
const value = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('7', '', '{1,2}', 'a b') },
  fc.constantFrom<unknown>(7, null, true, ['7'], { a: '7' }),
)
const roles = fc.oneof(
  { weight: 6, arbitrary: fc.array(role, { maxLength: 3 }) },
  fc.constantFrom<unknown>('user', null, {}, [1], [null]),
)
const variables = fc.dictionary(
  fc.constantFrom('x-hasura-user-id', 'X-Hasura-Org-Id', 'X-HASURA-A', 'x-hasura-role', 'name'),
  value,
  { maxKeys: 3 },
)
const defaultRole = fc.oneof({ weight: 6, arbitrary: role }, fc.constantFrom<unknown>(1, null))
const hasura = fc
  .record(
    {
      roles: fc.tuple(fc.constantFrom('x-hasura-allowed-roles', 'X-Hasura-Allowed-Roles'), roles),
      default: fc.tuple(
        fc.constantFrom('x-hasura-default-role', 'X-Hasura-Default-Role'),
        defaultRole,
      ),
      variables,
    },
    { requiredKeys: ['variables'] },
  )
  .map(({ roles: allowed, default: usual, variables: others }): Record<string, unknown> => {
    const entries: [string, unknown][] = Object.entries(others)
    if (allowed !== undefined) entries.push(allowed)
    if (usual !== undefined) entries.push(usual)
    return Object.fromEntries(entries)
  })
const instant = fc.constantFrom<unknown>(
  NOW - 61,
  NOW - 60,
  NOW - 1,
  NOW,
  NOW + 1,
  NOW + 60,
  NOW + 61,
  NOW + 0.5,
  'soon',
)
const claims = fc.record(
  {
    hasura: fc.oneof(
      { weight: 12, arbitrary: hasura },
      fc.constantFrom<unknown>(null, 'text', [], 5),
    ),
    exp: instant,
    nbf: instant,
    iat: instant,
    iss: fc.constantFrom<unknown>('issuer', 'other', 5),
    aud: fc.constantFrom<unknown>('app', ['other', 'app'], ['other'], [], 5),
  },
  { requiredKeys: ['hasura'] },
)
const request = fc.record({
  claims,
  isText: fc.boolean(),
  requested: fc.option(role, { nil: undefined }),
  claimed: fc.option(fc.constantFrom('7', '8'), { nil: undefined }),
})

/** The gateway against the demo's Hasura, which reads tokens by code of its own. */
describe.each([
  ['claims as they are', {}],
  [
    'claims in a text, with a skew, an audience and an issuer',
    { claims_format: 'stringified_json', allowed_skew: 60, audience: ['app'], issuer: 'issuer' },
  ],
])('whom a token is taken for, with %s,', (_name, more) => {
  const clock = new FakeClock(NOW * 1_000)
  const upstream = new EchoUpstream()
  const secret = { type: 'HS256', key: JWT_KEY, ...more }
  const demo = new Authenticator({
    adminSecret: ADMIN_SECRET,
    jwtSecret: JSON.stringify(secret),
    clock,
  })
  let gateway: RunningGateway

  beforeAll(async () => {
    await upstream.start()
    const options = gatewayOptions(upstream.url)
    const auth: GatewayOptions['auth'] = {
      ...options.auth,
      jwtSecrets: [parseJwtSecret(secret)],
      upstreamIdentity: 'session',
    }
    const cache = { ...options.cache, enabled: false }
    gateway = await startGateway({ ...options, auth, cache }, { clock })
  })
  afterAll(async () => {
    await gateway.stop()
    await upstream.stop()
  })

  async function byGateway(headers: Readonly<Record<string, string>>): Promise<unknown> {
    upstream.received.length = 0
    const { errors } = JSON.parse((await ask(gateway.url, '{ products { id } }', headers)).text)
    if (errors !== undefined) return errors[0].extensions.code
    const told = Object.entries(upstream.received[0]?.headers ?? {})
    return Object.fromEntries(
      told.filter(([name]) => name.startsWith('x-hasura-') && name !== 'x-hasura-admin-secret'),
    )
  }

  async function byDemo(headers: Readonly<Record<string, string>>): Promise<unknown> {
    try {
      const { session } = await demo.authenticate(new Map(Object.entries(headers)))
      return Object.fromEntries(session.variables)
    } catch (error) {
      return error instanceof Error && 'code' in error ? error.code : error
    }
  }

  it('is the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        request,
        async ({ claims: { hasura: told, ...registered }, isText, requested, claimed }) => {
          const inText = isText ? JSON.stringify(told) : told
          const token = hmacToken(JWT_KEY, { ...registered, [NAMESPACE]: inText })
          const headers = {
            authorization: `Bearer ${token}`,
            ...(requested !== undefined && { 'x-hasura-role': requested }),
            ...(claimed !== undefined && { 'x-hasura-user-id': claimed }),
          }
          expect(await byGateway(headers)).toEqual(await byDemo(headers))
        },
      ),
      { numRuns: RUNS },
    )
  }, 120_000)
})

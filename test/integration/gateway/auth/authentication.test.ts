import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Authenticator } from '../../../../src/demo/auth/authenticator.ts'
import { ask } from '../../../support/ask.ts'
import { AUTH_GROUPS, type AuthGroup, NOW, type Session } from '../../../support/auth-cases.ts'
import { EchoUpstream, type ReceivedRequest } from '../../../support/echo-upstream.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { ADMIN_SECRET, gatewayOptions } from '../../../support/gateway-options.ts'
import { type RunningGateway, startGateway } from '../../../support/start-gateway.ts'

const PRODUCTS = '{ products { id } }'
const RESPONSE_TYPE = { accept: 'application/graphql-response+json' }
const SECRETS = ['x-hasura-admin-secret', 'x-hasura-access-key']

describe('the table', () => {
  it('has so many requests', () => {
    expect(AUTH_GROUPS.flatMap(({ cases }) => cases).length).toBeGreaterThanOrEqual(160)
  })
})

describe.each(AUTH_GROUPS)('with $name', (group) => {
  const clock = new FakeClock(NOW * 1_000)
  const upstream = new EchoUpstream()
  const { adminSecrets = [ADMIN_SECRET], unauthorizedRole } = group.auth
  let gateway: RunningGateway
  let preserving: RunningGateway

  beforeAll(async () => {
    await upstream.start()
    gateway = await start(group, false)
    preserving = await start(group, true)
  })
  afterAll(async () => {
    await gateway.stop()
    await preserving.stop()
    await upstream.stop()
  })

  async function start({ auth }: AuthGroup, preserve401Errors: boolean): Promise<RunningGateway> {
    const options = gatewayOptions(upstream.url)
    return await startGateway(
      {
        ...options,
        // Told the session, the upstream shows whom the gateway took the sender for.
        auth: { ...options.auth, upstreamIdentity: 'session', ...auth, preserve401Errors },
        upstream: { ...options.upstream, adminSecret: adminSecrets[0] },
        cache: { ...options.cache, enabled: false },
      },
      { clock },
    )
  }

  /** As Hasura would find out from what it was sent. */
  function sessionSeen({ headers }: ReceivedRequest): Session {
    const told = Object.entries(headers).filter(
      ([name]) => name.startsWith('x-hasura-') && !SECRETS.includes(name),
    )
    const isAdmin = adminSecrets.length === 0 || SECRETS.some((name) => name in headers)
    const session: Record<string, string> = {}
    for (const [name, value] of told) session[name] = String(value)
    if (!isAdmin) session['x-hasura-role'] = unauthorizedRole ?? 'nobody'
    session['x-hasura-role'] ||= 'admin'
    return session
  }

  it.each(group.cases)('$name', async ({ headers, is }) => {
    upstream.received.length = 0
    const answer = await ask(gateway.url, PRODUCTS, headers)
    if (!('code' in is)) {
      expect([answer.status, answer.text]).toEqual([200, '{"data":{"products":[]}}'])
      expect(upstream.received.map(sessionSeen)).toEqual([is])
      return
    }
    const { code, status, message } = is
    expect(answer.status).toBe(200)
    expect(JSON.parse(answer.text)).toEqual({
      errors: [{ message: message ?? expect.any(String), extensions: { path: '$', code: code } }],
    })
    const own = await ask(gateway.url, PRODUCTS, { ...headers, ...RESPONSE_TYPE })
    const kept = await ask(preserving.url, PRODUCTS, headers)
    expect([own.status, kept.status]).toEqual([status, status === 401 ? 401 : 200])
    expect([own.text, kept.text]).toEqual([answer.text, answer.text])
    expect(upstream.received).toEqual([])
  })

  const { demoJwtSecret } = group
  if (demoJwtSecret === undefined) return
  describe('the demo’s Hasura', () => {
    it.each(group.cases)('agrees: $name', async ({ headers, is }) => {
      const hasura = new Authenticator({
        adminSecret: ADMIN_SECRET,
        jwtSecret: demoJwtSecret,
        unauthorizedRole,
        clock,
      })
      const entries = Object.entries(headers).map(([name, value]): [string, string] => [
        name.toLowerCase(),
        value,
      ])
      const verdict = hasura.authenticate(new Map(entries))
      if ('code' in is)
        await expect(verdict).rejects.toMatchObject({ code: is.code, status: is.status })
      else expect(Object.fromEntries((await verdict).session.variables)).toEqual(is)
    })
  })
})

import { randomUUID } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseJwtSecret } from '../../../../src/gateway/index.ts'
import { ask } from '../../../support/ask.ts'
import { EchoUpstream } from '../../../support/echo-upstream.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { type OptionChanges, startWorld, type World } from '../../../support/start-gateway.ts'
import { type KeyPair, rsaKeyPair, rsaToken } from '../../../support/tokens.ts'
import { waitUntil } from '../../../support/wait-until.ts'

const PRODUCTS = '{ products { id } }'
const CLAIMS = {
  'https://hasura.io/jwt/claims': {
    'x-hasura-allowed-roles': ['user'],
    'x-hasura-default-role': 'user',
  },
}
const [first, second] = [rsaKeyPair(), rsaKeyPair()]

/** An issuer whose keys change: an HTTP server of its own. */
class Issuer {
  readonly server = new EchoUpstream()
  keys: Readonly<Record<string, KeyPair>> = { first }
  headers: Readonly<Record<string, string>> = {}
  /** Beside what a key is. */
  fields: Readonly<Record<string, unknown>> = { alg: 'RS256', use: 'sig' }
  isDown = false

  constructor() {
    this.server.respond = (_request, response) => {
      const keys = Object.entries(this.keys).map(([kid, { publicKey }]) => {
        return { ...publicKey.export({ format: 'jwk' }), kid, ...this.fields }
      })
      response.writeHead(this.isDown ? 503 : 200, this.headers)
      response.end(JSON.stringify({ keys }))
    }
  }

  get askedCount(): number {
    return this.server.received.length
  }
}

/** A token of this key, each one another. */
function tokenOf({ privateKey }: KeyPair, header: object = {}): Readonly<Record<string, string>> {
  const token = rsaToken(privateKey, { ...CLAIMS, jti: randomUUID() }, { ...header })
  return { authorization: `Bearer ${token}` }
}

async function startIssuer(): Promise<Issuer> {
  const issuer = new Issuer()
  await issuer.server.start()
  onTestFinished(() => issuer.server.stop())
  return issuer
}

async function start(
  issuer: Issuer,
  auth: OptionChanges['auth'] = {},
): Promise<World & { clock: FakeClock }> {
  const jwtSecrets = [parseJwtSecret({ jwk_url: `${issuer.server.url}/jwks?key=hidden` })]
  const clock = new FakeClock(Date.now())
  return { ...(await startWorld({ auth: { jwtSecrets, ...auth } }, { clock })), clock }
}

async function codeOf(world: World, headers: Readonly<Record<string, string>>): Promise<unknown> {
  const { text } = await ask(world.url, PRODUCTS, headers)
  const { errors } = JSON.parse(text)
  return errors?.[0].extensions.code ?? 'accepted'
}

describe('a JWKS', () => {
  it('is asked for at the start, and not for each token', async () => {
    const issuer = await startIssuer()
    const world = await start(issuer)
    for (let count = 0; count < 3; count += 1) {
      expect(await codeOf(world, tokenOf(first, { kid: 'first' }))).toBe('accepted')
    }
    expect(await codeOf(world, tokenOf(first))).toBe('accepted')
    expect(issuer.askedCount).toBe(1)
  })

  it('is asked for again for a key that it has not: an issuer may sign with a new one at once', async () => {
    const issuer = await startIssuer()
    const world = await start(issuer)
    issuer.keys = { first, second }
    const tokens = Array.from({ length: 20 }, () => tokenOf(second, { kid: 'second' }))
    const codes = await Promise.all(tokens.map((token) => codeOf(world, token)))
    expect(new Set(codes)).toEqual(new Set(['accepted']))
    expect(await codeOf(world, tokenOf(first, { kid: 'first' }))).toBe('accepted')
    expect(issuer.askedCount).toBe(2)
  })

  it('is not asked for more often than allowed, whatever keys are named', async () => {
    const issuer = await startIssuer()
    const world = await start(issuer)
    const forge = (): Promise<unknown> => codeOf(world, tokenOf(second, { kid: randomUUID() }))
    for (let count = 0; count < 20; count += 1) expect(await forge()).toBe('invalid-jwt')
    expect(issuer.askedCount).toBe(2)
    world.clock.advance(9_999)
    await forge()
    expect(issuer.askedCount).toBe(2)
    world.clock.advance(1)
    await forge()
    expect(issuer.askedCount).toBe(3)
  })

  it('refuses tokens of a key that is gone, remembered ones as well', async () => {
    const issuer = await startIssuer()
    const world = await start(issuer)
    const old = tokenOf(first, { kid: 'first' })
    expect(await codeOf(world, old)).toBe('accepted')
    issuer.keys = { second }
    expect(await codeOf(world, tokenOf(second, { kid: 'second' }))).toBe('accepted')
    expect(await codeOf(world, old)).toBe('invalid-jwt')
  })

  it('is looked at again as its Cache-Control says, without a token that asks for it', async () => {
    const issuer = await startIssuer()
    issuer.headers = { 'cache-control': 'max-age=0' }
    const world = await start(issuer, { jwksRefreshMinMs: 20 })
    const old = tokenOf(first)
    expect(await codeOf(world, old)).toBe('accepted')
    issuer.keys = { second }
    await waitUntil(async () => (await codeOf(world, tokenOf(second))) === 'accepted')
    expect(await codeOf(world, old)).toBe('invalid-jwt')
  })

  it('serves on while the issuer is down, and takes its new keys when it is back', async () => {
    const issuer = await startIssuer()
    issuer.headers = { 'cache-control': 'no-cache' }
    const world = await start(issuer, { jwksRefreshMinMs: 20 })
    issuer.isDown = true
    await issuer.server.receives(issuer.askedCount + 2)
    expect(await codeOf(world, tokenOf(first))).toBe('accepted')
    issuer.keys = { second }
    issuer.isDown = false
    await waitUntil(async () => (await codeOf(world, tokenOf(second))) === 'accepted')
  })

  it('counts what was had of it', async () => {
    const issuer = await startIssuer()
    const world = await start(issuer)
    issuer.isDown = true
    await codeOf(world, tokenOf(second, { kid: 'other' }))
    expect(world.gateway.snapshot().auth.jwks).toEqual({ changed: 1, unchanged: 0, failed: 1 })
  })

  it.each([
    ['another use', { use: 'enc', alg: 'RS256' }],
    ['another algorithm', { alg: 'RS512' }],
    ['an algorithm that is not supported', { alg: 'PS256' }],
  ])('has no key for a token when it is for %s', async (_what, fields) => {
    const issuer = await startIssuer()
    issuer.fields = fields
    expect(await codeOf(await start(issuer), tokenOf(first))).toBe('invalid-jwt')
  })

  it('pins keys that name no algorithm to the configured one, or to RS256', async () => {
    const issuer = await startIssuer()
    issuer.fields = {}
    const url = `${issuer.server.url}/jwks`
    const rs512 = await start(issuer, {
      jwtSecrets: [parseJwtSecret({ jwk_url: url, type: 'RS512' })],
    })
    const rs256 = await start(issuer)
    const token512 = { authorization: `Bearer ${rsaToken(first.privateKey, CLAIMS, {}, 512)}` }
    expect(await codeOf(rs512, token512)).toBe('accepted')
    expect(await codeOf(rs512, tokenOf(first))).toBe('invalid-jwt')
    expect(await codeOf(rs256, tokenOf(first))).toBe('accepted')
    expect(await codeOf(rs256, token512)).toBe('invalid-jwt')
  })

  it('takes any strength of the key’s family where Hasura’s laxness is asked for', async () => {
    const issuer = await startIssuer()
    issuer.fields = {}
    const tokenRules = { isStrict: false, requiresExpiry: false }
    const world = await start(issuer, { tokenRules })
    const token512 = { authorization: `Bearer ${rsaToken(first.privateKey, CLAIMS, {}, 512)}` }
    expect(await codeOf(world, token512)).toBe('accepted')
    expect(await codeOf(world, tokenOf(first))).toBe('accepted')
  })
})

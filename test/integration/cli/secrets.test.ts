import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, send } from '../../support/ask.ts'
import { CliProcess } from '../../support/cli-process.ts'
import { countingRows, EchoUpstream, sendJson } from '../../support/echo-upstream.ts'
import { portOf, rawExchange } from '../../support/raw-http.ts'
import { hmacToken } from '../../support/tokens.ts'

/** Every option that is a secret, each with a value of its own that stands nowhere else. */
const SECRETS = {
  admin: 'leak-canary-admin-1',
  otherAdmin: 'leak-canary-admin-2',
  upstream: 'leak-canary-upstream',
  jwtKey: 'leak-canary-jwt-key-of-thirty-two-bytes',
  events: 'leak-canary-events',
  redis: 'leak-canary-redis',
  session: 'leak-canary-session-of-thirty-two-bytes',
} as const
const CANARY = /leak-canary/
const QUERY = 'query List @cached(ttl: 60) { products { id } }'
const inAnHour = Math.floor(Date.now() / 1_000) + 3_600
const token = hmacToken(SECRETS.jwtKey, {
  exp: inAnHour,
  'https://hasura.io/jwt/claims': {
    'x-hasura-allowed-roles': ['user'],
    'x-hasura-default-role': 'user',
    'x-hasura-user-id': '1',
  },
})
const forged = hmacToken('another key of more than thirty-two bytes', { exp: inAnHour })
const admin = { 'x-hasura-admin-secret': SECRETS.admin }
const user = { authorization: `Bearer ${token}` }

/** In what an attacker or a colleague may see: the secrets themselves, and what is as good as they are. */
function expectNoSecret(where: string, text: string): void {
  expect(CANARY.test(text), `${where}: ${CANARY.exec(text)?.[0]}`).toBe(false)
  for (const secret of Object.values(SECRETS)) {
    const digests = ['hex', 'base64', 'base64url'] as const
    for (const encoding of digests) {
      const digest = createHash('sha256').update(secret).digest(encoding)
      expect(text.includes(digest), `${where}: a digest`).toBe(false)
      expect(text.includes(Buffer.from(secret).toString(encoding)), where).toBe(false)
    }
  }
  for (const bearer of [token, forged])
    expect(text.includes(bearer), `${where}: a token`).toBe(false)
}

describe('secrets', () => {
  const upstream = new EchoUpstream()
  let folder: string
  let cli: CliProcess
  let url: string
  let adminUrl: string

  beforeAll(async () => {
    await upstream.start()
    upstream.respond = countingRows()
    folder = mkdtempSync(join(tmpdir(), 'gerbang-secrets-'))
    const file = join(folder, 'gerbang.yaml')
    writeFileSync(
      file,
      [
        'log: { level: debug }',
        `upstream: { admin_secret: ${SECRETS.upstream} }`,
        'server: { host: 127.0.0.1, port: 0 }',
        'admin: { port: 0 }',
        'engine: { redis_port: 0 }',
        '',
      ].join('\n'),
    )
    const redisFile = join(folder, 'redis-password')
    writeFileSync(redisFile, `${SECRETS.redis}\n`)
    cli = new CliProcess(['serve', '--config', file], {
      HASURA_GRAPHQL_ENDPOINT: upstream.url,
      HASURA_GRAPHQL_ADMIN_SECRETS: JSON.stringify([SECRETS.admin, SECRETS.otherAdmin]),
      HASURA_GRAPHQL_JWT_SECRET: JSON.stringify({ type: 'HS256', key: SECRETS.jwtKey }),
      GERBANG_EVENTS_SECRET: SECRETS.events,
      GERBANG_SESSION_SECRET: SECRETS.session,
      GERBANG_REDIS_PASSWORD_FILE: redisFile,
    })
    const line = (await cli.logged(/"msg":"ready".*\n/))
      .split('\n')
      .find((one) => one.includes('"ready"'))
    const ready = JSON.parse(line ?? '')
    url = ready.gateway
    adminUrl = ready.admin
  })
  afterAll(async () => {
    await cli.stop('SIGTERM')
    await upstream.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('are in no answer, whatever goes wrong', async () => {
    const answers = await Promise.all([
      ask(url, QUERY, user),
      ask(url, QUERY, admin),
      ask(url, QUERY, {
        'x-hasura-admin-secret': `${SECRETS.admin}x`.replace('leak-canary', 'wrong'),
      }),
      ask(url, QUERY, { authorization: `Bearer ${forged}` }),
      ask(url, QUERY, { authorization: 'Basic eDp5' }),
      ask(url, '{ products {', user),
      ask(url, Buffer.from('{"query":'), admin),
      send(url, '/events/default', {
        method: 'POST',
        body: '{}',
        headers: { 'x-gerbang-events-secret': 'x' },
      }),
      send(url, '/events/default', {
        method: 'POST',
        body: 'no JSON',
        headers: { 'x-gerbang-events-secret': SECRETS.events },
      }),
      send(url, '/session', { method: 'POST', headers: user }),
      send(url, '/pro/cache/metrics', { headers: admin }),
      send(url, '/pro/cache/metrics'),
      send(url, '/%zz', { headers: admin }),
      send(adminUrl, '/stats'),
    ])
    for (const { text, headers } of answers) {
      expectNoSecret('an answer', text)
      expectNoSecret('the headers of an answer', JSON.stringify(headers))
    }
    const traced = `TRACE / HTTP/1.1\r\nHost: a\r\nX-Hasura-Admin-Secret: ${SECRETS.admin}\r\nConnection: close\r\n\r\n`
    expectNoSecret('the answer to TRACE', await rawExchange(portOf(url), traced))
    upstream.respond = (_request, response) => sendJson(response, { error: 'down' }, 500)
    expectNoSecret('an answer of a failure', (await ask(url, '{ products { name } }', user)).text)
    expect(answers.slice(0, 2).map(({ status }) => status)).toEqual([200, 200])
  })

  it('are in nothing that the admin listener tells', async () => {
    const explained = JSON.stringify({ query: QUERY, headers: user })
    const answers = await Promise.all([
      send(adminUrl, '/healthz'),
      send(adminUrl, '/readyz'),
      send(adminUrl, '/stats', { headers: admin }),
      send(adminUrl, '/metrics', { headers: admin }),
      send(adminUrl, '/audit', { headers: admin }),
      send(adminUrl, '/explain', { method: 'POST', headers: admin, body: explained }),
    ])
    for (const [index, { status, text }] of answers.entries()) {
      expect(status, text).toBe(200)
      expectNoSecret(`answer ${index} of the admin listener`, text)
    }
  })

  it('are in neither the log, at its finest, nor what the machine shows of the process', async () => {
    const { text } = await send(adminUrl, '/stats', { headers: admin })
    const { pid } = JSON.parse(text).process
    expect(cli.errors).toContain('"msg":"request"')
    expectNoSecret('the log', cli.errors)
    expectNoSecret('standard output', cli.output)
    for (const name of ['cmdline', 'comm', 'stat']) {
      expectNoSecret(name, readFileSync(`/proc/${pid}/${name}`, 'latin1'))
    }
  })

  it('are not sent where the upstream says to go', async () => {
    const elsewhere = new EchoUpstream()
    await elsewhere.start()
    upstream.respond = (_request, response) =>
      void response.writeHead(307, { Location: `${elsewhere.url}/v1/graphql` }).end()
    try {
      await ask(url, '{ products { price } }', admin)
      await send(url, '/v1/version', { headers: admin })
      expect(elsewhere.received).toEqual([])
    } finally {
      await elsewhere.stop()
    }
  })

  it.each([
    ['HASURA_GRAPHQL_JWT_SECRET', '{"type":"HS256","key":"leak-canary"}'],
    ['HASURA_GRAPHQL_JWT_SECRET', 'leak-canary'],
    ['HASURA_GRAPHQL_ADMIN_SECRETS', 'leak-canary'],
    ['GERBANG_STORE_URL', 'redis://:leak-canary@host:port'],
    ['GERBANG_PROTECTED_STORE_URL', 'redis://:leak-canary@host:port'],
    ['GERBANG_SESSION_SECRETS', 'leak-canary'],
    ['HASURA_GRAPHQL_AUTH_HOOK', 'ftp://host/leak-canary'],
  ])('are not repeated when %s is wrong', async (variable, value) => {
    const wrong = new CliProcess(['check'], { [variable]: value })
    expect(await wrong.ended()).toBe(1)
    expect(wrong.errors).toContain(variable)
    expectNoSecret('the mistakes', wrong.errors + wrong.output)
  })
})

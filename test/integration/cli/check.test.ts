import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningDemo } from '../../../src/demo/start.ts'
import { CliProcess } from '../../support/cli-process.ts'
import { EchoUpstream, sendJson } from '../../support/echo-upstream.ts'
import { freePort } from '../../support/free-port.ts'
import { ADMIN_SECRET } from '../../support/gateway-options.ts'
import { startDemoServer } from '../../support/start-demo.ts'

/** The demo's first start builds its database. */
const START_TIMEOUT_MS = 150_000

describe('gerbang check', () => {
  let demo: RunningDemo
  let folder: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gerbang-check-'))
    demo = await startDemoServer()
  }, START_TIMEOUT_MS)
  afterAll(async () => {
    await demo.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('says what would be cached, keyed by what, limited how', async () => {
    const cli = check(['--config', 'config/demo.yaml'])
    expect(await cli.ended()).toBe(0)
    expect(cli.errors).toBe('')
    const lines = cli.output.split('\n').map((line) => line.trim().replace(/ {2,}/g, ' | '))
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^Upstream \| http:\/\/127\.0\.0\.1:\d+: Hasura v2\.\S+, \/healthz: OK$/,
        ),
        'user | public.products | none: shared | public.products | products, products_by_pk, products_aggregate: 1m',
        'user | public.products | none: shared | any table, public.products | search_products, search_products_aggregate: @cached only',
        'user | public.orders | x-hasura-user-id | public.orders | orders, orders_by_pk, orders_aggregate: @cached only',
        'manager | public.orders | x-hasura-org-id | public.orders, public.users | orders, orders_by_pk, orders_aggregate: @cached only',
        'per-user: 120 requests in any 1m per user; roles all but admin',
      ]),
    )
  })

  it('refuses a bad configuration with 1, without asking Hasura', async () => {
    const file = write('server: { prot: 1 }\nlog: { level: loud }\n')
    const cli = check(['--config', file])
    expect(await cli.ended()).toBe(1)
    expect(cli.output).toBe('')
    expect(cli.errors).toBe(
      [
        'gerbang: the configuration has mistakes:',
        `  ${file}:1:11: server.prot: no such option; did you mean "port"?`,
        `  ${file}:2:15: log.level: expected one of debug, info, warn, error, silent, got "loud"\n`,
      ].join('\n'),
    )
  })

  it('names rules that Hasura’s metadata cannot match, with 1 after the report', async () => {
    const file = write(
      [
        'cache:',
        '  rules:',
        '    - tables: [prodcts]',
        '      roles: [user, mangaer]',
        '      ttl: 1m',
        '',
      ].join('\n'),
    )
    const cli = check(['--config', file])
    expect(await cli.ended()).toBe(1)
    expect(cli.output).toContain('Keyed by')
    expect(cli.errors).toBe(
      [
        'gerbang: the configuration has mistakes:',
        `  ${file}:4:21: cache.rules[0].roles[1]: Hasura knows no role "mangaer"; did you mean "manager"?`,
        `  ${file}:3:16: cache.rules[0].tables[0]: Hasura knows no table "public.prodcts"; did you mean "public.products"?\n`,
      ].join('\n'),
    )
  })

  it('says that Hasura cannot be reached, and who said where it is', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`
    const cli = check([], { HASURA_GRAPHQL_ENDPOINT: endpoint })
    expect(await cli.ended()).toBe(1)
    expect(cli.output).toContain(`Upstream   ${endpoint}: does not answer`)
    expect(cli.errors).toMatch(
      /HASURA_GRAPHQL_ENDPOINT: upstream\.url: http:\/\/\S+ cannot be reached: .*ECONNREFUSED/,
    )
    expect(cli.errors.trim().split('\n')).toHaveLength(2)
  })

  it.each([
    [{ HASURA_GRAPHQL_ADMIN_SECRET: 'wrong' }, /metadata cannot be read: /],
    [{ HASURA_GRAPHQL_ADMIN_SECRET: '' }, /HASURA_GRAPHQL_ADMIN_SECRET: .*is empty/],
  ])('says what is wrong with %j', async (environment, message) => {
    const cli = check([], environment)
    expect(await cli.ended()).toBe(1)
    expect(cli.errors).toMatch(message)
  })

  it('asks whether the secret is missing', async () => {
    const cli = new CliProcess(['check'], { HASURA_GRAPHQL_ENDPOINT: demo.url })
    expect(await cli.ended()).toBe(1)
    expect(cli.errors).toContain('is HASURA_GRAPHQL_ADMIN_SECRET missing?')
  })

  it('names a store that does not answer', async () => {
    const port = await freePort()
    const cli = check([], { GERBANG_STORE_URL: `redis://:hunter2@127.0.0.1:${port}` })
    expect(await cli.ended()).toBe(1)
    expect(cli.errors).toContain(`GERBANG_STORE_URL: store.url: `)
    expect(cli.errors).toContain(`${port}`)
    expect(cli.errors).not.toContain('hunter2')
  })

  it('takes no other server for Hasura', async () => {
    const other = new EchoUpstream()
    await other.start()
    other.respond = (_request, response) => sendJson(response, { data: {} })
    try {
      const cli = check([], { HASURA_GRAPHQL_ENDPOINT: other.url })
      expect(await cli.ended()).toBe(1)
      expect(cli.errors).toContain('does not answer as Hasura does; is this its base URL?')
    } finally {
      await other.stop()
    }
  })

  function check(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): CliProcess {
    return new CliProcess(['check', ...args], {
      HASURA_GRAPHQL_ENDPOINT: demo.url,
      HASURA_GRAPHQL_ADMIN_SECRET: ADMIN_SECRET,
      ...environment,
    })
  }

  function write(yaml: string): string {
    const path = join(folder, 'gerbang.yaml')
    writeFileSync(path, yaml)
    return path
  }
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Admin, createAdmin } from '../../../src/admin/index.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { silentLogger } from '../../../src/shared/logger.ts'
import { ask } from '../../support/ask.ts'
import { CliProcess } from '../../support/cli-process.ts'
import { EchoUpstream } from '../../support/echo-upstream.ts'
import { freePort } from '../../support/free-port.ts'
import { ADMIN_SECRET, gatewayOptions } from '../../support/gateway-options.ts'
import { openStore } from '../../support/open-store.ts'
import { type RunningGateway, startGateway } from '../../support/start-gateway.ts'

const ORDERS = 'query Mine { orders { id } }'
const AS_USER = ['--role', 'user', '--session', 'user-id=1']

describe('gerbang explain', () => {
  const upstream = new EchoUpstream()
  const store = openStore(systemClock)
  let folder: string
  let file: string
  let running: RunningGateway
  let admin: Admin
  let adminUrl: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gerbang-explain-'))
    file = join(folder, 'orders.graphql')
    writeFileSync(file, ORDERS)
    await upstream.start()
    running = await startGateway(gatewayOptions(upstream.url), { store })
    admin = createAdmin(
      { host: '127.0.0.1', port: 0, secrets: [ADMIN_SECRET] },
      { gateway: running.gateway, store, clock: systemClock, log: silentLogger },
    )
    await admin.start()
    adminUrl = `http://127.0.0.1:${admin.address.port}`
  })
  afterAll(async () => {
    await admin.stop()
    await running.stop()
    await upstream.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('asks a gateway that runs: a miss, then a hit', async () => {
    const args = ['--query', file, '--admin-url', adminUrl, ...AS_USER]
    const before = await printed(args)
    expect(before.split('\n')).toEqual([
      'Document    query Mine{orders{id}}',
      'Variables   {}',
      'Size        depth 1 of 50, nodes 1 of 1000',
      'Who asks    role user, user 1, by an admin’s word',
      'Limit       none',
      '',
      'Plans by    Hasura’s metadata',
      'Tables      default:public.orders',
      'Key has     the document, the variables, the role, the metadata',
      'Key has     x-hasura-user-id = "1"',
      '              by the filter of role user on default:public.orders',
      'Depends on  table:default:public.orders',
      '              by the rows of default:public.orders',
      '',
      'Kept for    1m, by rule 1 of cache.rules',
      expect.stringMatching(/^Key {9}[\da-f]{40}$/),
      expect.stringMatching(/^Family {6}[\da-f]{40}$/),
      '',
      expect.stringMatching(/^Now {9}miss \(absent\): there is no entry under this key/),
      '',
    ])
    await ask(running.url, ORDERS, {
      'x-hasura-admin-secret': ADMIN_SECRET,
      'x-hasura-role': 'user',
      'x-hasura-user-id': '1',
    })
    const after = await printed(args)
    expect(after).toMatch(/^Now {9}hit \(fresh\): /m)
    expect(after).toMatch(
      /^Entry {7}kept \S+, \d+s? ago; expires \S+, \d+ bytes, fetched in \d+ ms$/m,
    )
  })

  it('reads the document from standard input, variables and headers from flags', async () => {
    const cli = start([
      '--admin-url',
      adminUrl,
      '--json',
      '--variables',
      '{"n": 1.0}',
      '--operation',
      'B',
      '--header',
      `X-Hasura-Admin-Secret=${ADMIN_SECRET}`,
      '--header',
      'X-Hasura-Role=manager',
      '--header',
      'X-Hasura-Org-Id=a=b',
    ])
    cli.input('query A { orders { id } } query B($n: Int) { reports(limit: $n) { id } }')
    expect(await cli.ended()).toBe(0)
    expect(cli.errors).toBe('')
    const { operation, identity, plan } = JSON.parse(cli.output)
    expect(operation).toMatchObject({ name: 'B', variables: '{"n":1.0}' })
    expect(identity).toMatchObject({ kind: 'admin', role: 'manager' })
    expect(plan.sessionVariables).toMatchObject([{ name: 'x-hasura-org-id', value: 'a=b' }])
  })

  it('explains each request of a batch', async () => {
    const batch = join(folder, 'batch.json')
    writeFileSync(batch, '[{"query":"{ orders { id } }","variables":{"n":1.0}},{"query":"{"}]')
    const output = await printed(['--batch', batch, '--admin-url', adminUrl, ...AS_USER])
    expect(output).toMatch(
      /^Request {5}1 of 2\nDocument {4}query\{orders\{id\}\}\nVariables {3}\{"n":1\.0\}$/m,
    )
    expect(output).toMatch(/^Request {5}2 of 2\nRefused {5}validation-failed, \$\.query: .+$/m)
    const both = start(['--batch', batch, '--query', file, ...AS_USER])
    expect(await both.ended()).not.toBe(0)
    expect(both.errors).toContain('--query is of one request')
  })

  it('plans by the metadata of Hasura when no gateway is asked', async () => {
    const rules = join(folder, 'gerbang.yaml')
    writeFileSync(rules, 'cache: { rules: [{ tables: [orders], ttl: 2m }] }\n')
    const output = await printed(['--query', file, '--config', rules, ...AS_USER])
    expect(output).toContain('Depends on  table:default:public.orders')
    expect(output).toContain('Kept for    2m, by rule 1 of cache.rules')
    expect(output).toMatch(/^Now {9}unknown \(unknown\): the cache of the running gateway/m)
    const mutation = start(['--config', rules, ...AS_USER])
    mutation.input('mutation { delete_orders(where: {}) { affected_rows } }')
    expect(await mutation.ended()).toBe(0)
    expect(mutation.output).toContain('Writes      table:default:public.orders')
    expect(mutation.output).toMatch(/^Now {9}bypass \(mutation\): /m)
  })

  it.each<[string, readonly string[], Readonly<Record<string, string>>, RegExp]>([
    [
      'a wrong secret',
      [],
      { HASURA_GRAPHQL_ADMIN_SECRET: 'wrong' },
      /invalid or missing "x-hasura-/,
    ],
    [
      'no request',
      ['--operation', 'Other', ...AS_USER],
      {},
      /no such operation found in the document: "Other"/,
    ],
    ['a role that is missing', ['--session', 'a=1'], {}, /\$\.role: a session has a role/],
  ])('says what is wrong with %s, with 1', async (_case, args, environment, message) => {
    const cli = start(['--query', file, '--admin-url', adminUrl, ...args], environment)
    expect(await cli.ended()).toBe(1)
    expect(cli.output).toBe('')
    expect(cli.errors).toMatch(message)
    expect(cli.errors.trim().split('\n')).toHaveLength(1)
  })

  it('says that nothing answers, or something else', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`
    const unanswered = start(['--query', file, '--admin-url', nobody, ...AS_USER])
    expect(await unanswered.ended()).toBe(1)
    expect(unanswered.errors).toContain(`${nobody} cannot be reached: `)
    const other = start(['--query', file, '--admin-url', upstream.url, ...AS_USER])
    expect(await other.ended()).toBe(1)
    expect(other.errors).toContain('does not answer as the admin listener of a gateway does')
    const down = start(['--query', file, ...AS_USER], { HASURA_GRAPHQL_ENDPOINT: nobody })
    expect(await down.ended()).toBe(1)
    expect(down.errors).toContain('Hasura’s metadata cannot be read: ')
  })

  it.each<[readonly string[], RegExp]>([
    [['--query', '/nowhere'], /--query \/nowhere cannot be read: ENOENT/],
    [['--query', 'orders.graphql', '--query', 'b'], /--query is given twice/],
    [['--variables', '{'], /--variables is no JSON/],
    [['--session', 'user-id'], /--session user-id: expected NAME=VALUE/],
    [['--sesion', 'a=1'], /unknown flag --sesion; did you mean --session\?/],
  ])('refuses %j with 2', async (args, message) => {
    const cli = start(args)
    cli.input(ORDERS)
    expect(await cli.ended()).toBe(2)
    expect(cli.errors).toMatch(message)
  })

  async function printed(args: readonly string[]): Promise<string> {
    const cli = start(args)
    expect(await cli.ended()).toBe(0)
    expect(cli.errors).toBe('')
    return cli.output
  }

  function start(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): CliProcess {
    return new CliProcess(['explain', ...args], {
      HASURA_GRAPHQL_ENDPOINT: upstream.url,
      HASURA_GRAPHQL_ADMIN_SECRET: ADMIN_SECRET,
      ...environment,
    })
  }
})

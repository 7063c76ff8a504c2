import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { manageTriggers, type TriggersOrder } from '../../../src/app/index.ts'
import { triggersCommand } from '../../../src/cli/triggers.ts'
import { loadConfig } from '../../../src/config/index.ts'
import type { RunningDemo } from '../../../src/demo/start.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { ask } from '../../support/ask.ts'
import { ADMIN_SECRET, EVENTS_SECRET, gatewayOptions } from '../../support/gateway-options.ts'
import { openStore } from '../../support/open-store.ts'
import { startDemoServer } from '../../support/start-demo.ts'
import { type RunningGateway, startGateway } from '../../support/start-gateway.ts'

const ADMIN = { 'x-hasura-admin-secret': ADMIN_SECRET }
let demo: RunningDemo
let running: RunningGateway

beforeAll(async () => {
  demo = await startDemoServer({
    eventsIntervalMs: 20,
    environment: { GERBANG_EVENTS_SECRET: EVENTS_SECRET },
  })
  const options = gatewayOptions(demo.url)
  const cache = { ...options.cache, rules: [{ ttlMs: 60_000, roles: ['admin'] }] }
  running = await startGateway({ ...options, cache }, { store: openStore(systemClock) })
}, 150_000)
afterAll(async () => {
  await running.stop()
  await demo.stop()
})
afterEach(() => triggers('remove', []))

/** `gerbang triggers …` in this process: what it prints, and its exit code. */
async function triggers(
  action: string,
  flags: readonly string[] = ['--gateway-url', running.url],
): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
  const printed: string[] = []
  const code = await triggersCommand.run([action, ...flags], {
    environment: {
      HASURA_GRAPHQL_ENDPOINT: demo.url,
      HASURA_GRAPHQL_ADMIN_SECRET: ADMIN_SECRET,
      GERBANG_EVENTS_SECRET: EVENTS_SECRET,
    },
    print: (text) => printed.push(text),
    takeSignals: () => undefined,
    stopSignal: new AbortController().signal,
  })
  return { code, lines: printed.join('\n').split('\n') }
}

const installed = () => demo.backend.metadata.eventTriggers
const tables = () => demo.backend.metadata.tables.length

describe('gerbang triggers', () => {
  it('installs one for each table that can have one', async () => {
    const { code, lines } = await triggers('install')
    expect(code).toBe(0)
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^created +default: public\.products +gerbang_public_products_[\da-f]{8}$/,
      ),
    )
    expect(lines.length).toBe(tables() + 1)
    const [{ table, trigger } = expect.fail('no trigger')] = installed().filter(
      ({ table: { name } }) => name === 'products',
    )
    expect(table).toEqual({ schema: 'public', name: 'products' })
    expect(trigger).toMatchObject({
      webhook: `${running.url}/events/default`,
      definition: {
        insert: { columns: '*', payload: ['id'] },
        update: { columns: '*', payload: ['id'] },
        delete: { columns: '*', payload: ['id'] },
      },
      headers: [{ name: 'x-gerbang-events-secret', value: EVENTS_SECRET }],
      retry_conf: { num_retries: 10 },
    })
  })

  it('changes nothing the second time', async () => {
    await triggers('install')
    const before = JSON.stringify(installed())
    const { code, lines } = await triggers('install')
    expect(code).toBe(0)
    expect(lines.filter((line) => /^(?:created|replaced)/.test(line))).toEqual([])
    expect(JSON.stringify(installed())).toBe(before)
  })

  it('replaces what points elsewhere', async () => {
    await triggers('install', ['--gateway-url', 'http://127.0.0.1:9'])
    expect((await triggers('status')).code).toBe(1)
    const { lines } = await triggers('install')
    expect(lines.filter((line) => line.startsWith('replaced')).length).toBe(installed().length)
    expect(installed().every(({ trigger }) => trigger.webhook?.startsWith(running.url))).toBe(true)
  })

  it('leaves the secret to a variable of Hasura’s', async () => {
    const flags = ['--gateway-url', running.url, '--secret-env', 'GERBANG_EVENTS_SECRET']
    expect((await triggers('install', flags)).code).toBe(0)
    expect(JSON.stringify(installed())).not.toContain(EVENTS_SECRET)
    expect((await triggers('status', flags)).code).toBe(0)
    const unknown = ['--gateway-url', running.url, '--secret-env', 'NOWHERE']
    const { code, lines } = await triggers('install', unknown)
    expect(code).toBe(1)
    expect(lines[0]).toMatch(/^failed .*'NOWHERE' not set$/)
  })

  it('says what is missing, and without a URL compares none', async () => {
    expect((await triggers('status', [])).lines[0]).toMatch(/^missing/)
    await triggers('install')
    const { code, lines } = await triggers('status', [])
    expect(code).toBe(0)
    expect(lines.at(-1)).toMatch(/^\d+ triggers/)
  })

  it('does nothing in a dry run', async () => {
    const { lines } = await triggers('install', ['--gateway-url', running.url, '--dry-run'])
    expect(lines[0]).toMatch(/^would be created/)
    expect(lines.at(-1)).toMatch(/nothing was changed$/)
    expect(installed()).toEqual([])
  })

  it('removes its own and no other', async () => {
    const mine = {
      name: 'mine',
      table: { schema: 'public', name: 'orders' },
      webhook: 'http://127.0.0.1:9/',
      insert: { columns: '*' },
    }
    await metadata('pg_create_event_trigger', mine)
    await triggers('install')
    const { code } = await triggers('remove', [])
    expect(code).toBe(0)
    expect(installed().map(({ trigger }) => trigger.name)).toEqual(['mine'])
    await metadata('pg_delete_event_trigger', { name: 'mine' })
  })

  it('has Hasura tell the gateway of a write that goes around it', async () => {
    await triggers('install')
    const query = 'query Count { categories(where: {id: {_eq: 1}}) { name } }'
    const read = async () => (await ask(running.url, query, ADMIN)).text
    await expect.poll(async () => (await read()) === (await read())).toBe(true)
    await demo.backend.runSql(`UPDATE categories SET name = 'Around' WHERE id = 1`, false)
    await expect.poll(read, { interval: 20, timeout: 10_000 }).toContain('Around')
    expect(running.gateway.snapshot().events.results['taken']).toBeGreaterThan(0)
  })

  it('leaves answers that show another row by its key', async () => {
    await triggers('install')
    const read = async (id: number) =>
      await ask(running.url, `query Row { categories_by_pk(id: ${id}) { name } }`, ADMIN)
    const status = async (id: number) => String((await read(id)).headers['cache-status'])
    // Installing changed the metadata: plans have settled once both rows are hits.
    for (const id of [1, 2]) await expect.poll(() => status(id)).toContain('hit')
    await demo.backend.runSql(`UPDATE categories SET name = 'Another' WHERE id = 2`, false)
    const changed = async () => (await read(2)).text
    await expect.poll(changed, { interval: 20, timeout: 10_000 }).toContain('Another')
    expect(await status(1)).toContain('hit')
  })

  it('refuses a source that Hasura does not have', async () => {
    const order: TriggersOrder = { action: 'status', target: {}, source: 'x', isDryRun: false }
    const config = loadConfig({
      fileName: undefined,
      environment: {
        HASURA_GRAPHQL_ENDPOINT: demo.url,
        HASURA_GRAPHQL_ADMIN_SECRET: ADMIN_SECRET,
      },
      flags: new Map(),
      readFile: () => '',
    })
    const { signal } = new AbortController()
    await expect(manageTriggers(config, order, signal)).rejects.toThrow('no source "x"')
  })

  it.each([
    [['install'], '--gateway-url'],
    [['enable'], 'install, remove, status'],
    [['status', '--dry-run=1'], 'takes no value'],
  ])('refuses %j', async ([action = '', ...flags], message) => {
    await expect(triggers(action, flags)).rejects.toThrow(message)
  })
})

async function metadata(type: string, args: object): Promise<void> {
  const answer = await fetch(`${demo.url}/v1/metadata`, {
    method: 'POST',
    headers: { ...ADMIN, 'content-type': 'application/json' },
    body: JSON.stringify({ type, args }),
  })
  expect(answer.status, await answer.text()).toBe(200)
}

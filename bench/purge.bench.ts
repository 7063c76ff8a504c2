import { createAdmin } from '../src/admin/index.ts'
import type { Gateway } from '../src/gateway/index.ts'
import { systemClock } from '../src/shared/clock.ts'
import { silentLogger } from '../src/shared/logger.ts'
import { ask, type Headers, send, textOf } from '../test/support/ask.ts'
import { EchoUpstream, sendJson } from '../test/support/echo-upstream.ts'
import { ADMIN_SECRET, EVENTS_SECRET, gatewayOptions } from '../test/support/gateway-options.ts'
import { openStore } from '../test/support/open-store.ts'
import { bearer, startGateway } from '../test/support/start-gateway.ts'
import { median, show } from './medians.ts'

const ENTRIES = 100_000
const FILLERS = 50
const ROUNDS = 300
const EVENTS = 300
const SECRET = { 'x-hasura-admin-secret': ADMIN_SECRET, 'content-type': 'application/json' }
const EVENT = { 'x-gerbang-events-secret': EVENTS_SECRET, 'content-type': 'application/json' }

/** How long each kind of purge takes over HTTP with 100,000 entries in the store, and an event to a fresh read. */
export async function purgeBench(): Promise<void> {
  const upstream = new EchoUpstream()
  let calls = 0
  upstream.respond = (_request, response) => {
    calls += 1
    upstream.received.length = 0
    sendJson(response, { data: { products: [{ id: calls }] } })
  }
  await upstream.start()
  const store = openStore(systemClock)
  const options = gatewayOptions(upstream.url)
  const purge = { ...options.purge, entriesMax: 10_000 }
  const running = await startGateway({ ...options, purge }, { store })
  const admin = createAdmin(
    { host: '127.0.0.1', port: 0, secrets: [ADMIN_SECRET] },
    { gateway: running.gateway, store, clock: systemClock, log: silentLogger },
  )
  await admin.start()
  try {
    const authorization = await bearer('7')
    await fill(running.url, authorization)
    process.stdout.write(
      `purge: ${ENTRIES} entries, ${ROUNDS} purges of each kind in turn, everything last; the same over ` +
        'HTTP and without\n',
    )
    const adminUrl = `http://127.0.0.1:${admin.address.port}`
    await measurePurges(running.gateway, { url: running.url, adminUrl, authorization })
    await measureEvents(running.url, authorization)
  } finally {
    await admin.stop()
    await running.stop()
    await upstream.stop()
  }
}

/** A query each; the names differ, so that there are as many operations as entries. */
const queryOf = (index: number): string => `query Q${index} { products { id } }`

async function fill(url: string, authorization: string): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    while (next < ENTRIES) {
      next += 1
      await ask(url, queryOf(next), { authorization })
    }
  }
  await Promise.all(Array.from({ length: FILLERS }, work))
}

interface Reached {
  readonly url: string
  readonly adminUrl: string
  readonly authorization: string
}

async function measurePurges(
  gateway: Gateway,
  { url, adminUrl, authorization }: Reached,
): Promise<void> {
  const { headers } = await ask(url, queryOf(1), { authorization })
  const targets: readonly Kind[] = [
    ['key', { key: textOf(headers['x-hasura-query-cache-key']) }],
    ['family', { family: textOf(headers['x-hasura-query-family-cache-key']) }],
    ['operation', { operation: 'Q2' }],
    ['table', { table: 'orders' }],
    ['row', { row: { table: 'orders', key: { id: 1 } } }],
    ['role', { role: 'manager' }],
    ['session variable', { session_variable: { name: 'x-hasura-user-id', value: '9' } }],
    ['tag', { tag: 'table:default:public.reports' }],
  ]
  const bare = (what: object) => async (): Promise<void> => {
    await gateway.purge({ what }, { via: 'admin', secret: 1, address: 'bench' })
  }
  const overHttp = (what: object) => () => post(adminUrl, '/purge', SECRET, { what })
  // Afterwards nothing is left to be counted.
  const everything: readonly Kind[] = [['everything', { everything: true }]]
  for (const kinds of [targets, everything]) {
    await measureInTurn(kinds, bare)
    await measureInTurn(kinds, overHttp, ', HTTP')
  }
}

type Kind = readonly [name: string, what: object]

async function measureInTurn(
  kinds: readonly Kind[],
  purge: (what: object) => () => Promise<void>,
  suffix = '',
): Promise<void> {
  const samples = kinds.map((): Sample[] => [])
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, [, what]] of kinds.entries()) {
      samples[index]?.push(await timed(purge(what)))
    }
  }
  for (const [index, [name]] of kinds.entries()) print(`${name}${suffix}`, samples[index] ?? [])
}

/** From the webhook's request to the answer of the read behind it, which must be another one. */
async function measureEvents(url: string, authorization: string): Promise<void> {
  const event = {
    created_at: new Date().toISOString(),
    event: { op: 'UPDATE', data: { old: { id: 1 }, new: { id: 1 } } },
    table: { schema: 'public', name: 'products' },
  }
  const samples: Sample[] = []
  let last = (await ask(url, queryOf(1), { authorization })).text
  for (let round = 0; round < EVENTS; round += 1) {
    samples.push(
      await timed(async () => {
        await post(url, '/events/default', EVENT, event)
        const { text } = await ask(url, queryOf(1), { authorization })
        if (text === last) throw new Error('the read behind the event was stale')
        last = text
      }),
    )
  }
  print('event to fresh read', samples)
}

async function post(url: string, path: string, headers: Headers, body: object): Promise<void> {
  const { status, text } = await send(url, path, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
  if (status !== 200) throw new Error(text)
}

interface Sample {
  readonly ms: number
  /** Of all threads of this process: what it took, however busy the machine was. */
  readonly cpuMs: number
}

async function timed(work: () => Promise<void>): Promise<Sample> {
  const start = performance.now()
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return { ms: performance.now() - start, cpuMs: (user + system) / 1_000 }
}

function print(title: string, samples: readonly Sample[]): void {
  const ms = spread(samples.map((sample) => sample.ms))
  const cpu = spread(samples.map((sample) => sample.cpuMs))
  process.stdout.write(`  ${title.padEnd(24)}  took ${ms}   CPU ${cpu}\n`)
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((one, other) => one - other)
  const p99 = sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN
  const [p50Text = '', p99Text = ''] = [median(sorted), p99].map((ms) => show(ms, 2).padStart(6))
  return `p50 ${p50Text}  p99 ${p99Text} ms`
}

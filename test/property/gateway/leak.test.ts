import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { composeGateway, type GatewayModules } from '../../../src/gateway/compose-gateway.ts'
import type { Answer } from '../../../src/gateway/http/answer.ts'
import { answerGraphql, answerGraphqlGet } from '../../../src/gateway/http/graphql-route.ts'
import type { PurgeTarget } from '../../../src/gateway/purge/purge-order.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { type Logger, silentLogger } from '../../../src/shared/logger.ts'
import { type Random, seededRandom, systemRandom } from '../../../src/shared/random.ts'
import { ADMIN_SECRET, gatewayOptions } from '../../support/gateway-options.ts'
import { type Asker, createAskers } from '../../support/leak/asker.ts'
import { type Asked, ModelUpstream, type Write } from '../../support/leak/model-upstream.ts'
import { KEYS, Project, ROLES } from '../../support/leak/project.ts'
import { randomQuestion } from '../../support/leak/question.ts'
import { openStore } from '../../support/open-store.ts'
import { between, pick } from '../../support/shop-values.ts'

const REQUESTS = Number(process.env['GERBANG_LEAK_REQUESTS'] ?? 10_000)
const SEED = Number(process.env['GERBANG_LEAK_SEED'] ?? Date.now() % 1_000_000_000)
const TIMEOUT_MS = 60_000 + REQUESTS * 5

const ASKERS = 240
/** Asked of one project, with its own metadata; they share the store. */
const REQUESTS_PER_PROJECT = 1_500
const QUESTIONS = 16
/** How many are asked at once, at most. */
const WAVE_MAX = 6
/** The shares of waves that are followed by a mutation, a change of permissions, and a purge. */
const WRITES = 0.01
const CHANGES = 0.003
const PURGES = 0.01
const ENCODINGS = ['identity', 'gzip', 'br', 'gzip, br;q=0.5'] as const
/** The shares of requests that are batches, and that are sent by GET. */
const BATCHES = 0.03
const GETS = 0.1

describe('answers from the cache', () => {
  const random = seededRandom(SEED)
  const store = openStore(systemClock)
  const askers = createAskers(random, ASKERS)
  const upstream = new ModelUpstream(new Project(random))
  const counts = {
    requests: 0,
    hits: 0,
    shared: 0,
    compressed: 0,
    writes: 0,
    changes: 0,
    purges: 0,
  }
  const bugs: unknown[] = []
  const log: Logger = { ...silentLogger, error: (...line: unknown[]) => bugs.push(line) }

  beforeAll(async () => await upstream.start())
  afterAll(async () => await upstream.stop())

  it('are what the upstream would answer the same client', { timeout: TIMEOUT_MS }, async () => {
    const startMs = systemClock.monotonicMs()
    while (counts.requests < REQUESTS) {
      const project = new Project(random)
      upstream.become(project)
      const modules = await startModules()
      await askAbout(project, modules)
      await stopModules(modules)
    }
    const seconds = ((systemClock.monotonicMs() - startMs) / 1_000).toFixed(1)
    const figures = { ...counts, fetched: upstream.requests, seconds }
    console.info(`leak test: GERBANG_LEAK_SEED=${SEED} ${JSON.stringify(figures)}`)
    expect(bugs).toEqual([])
    // Otherwise it would have shown nothing. Far below what a seed has ever given (0.23 and 0.027).
    expect(counts.hits / counts.requests).toBeGreaterThan(0.05)
    expect(counts.shared / counts.requests).toBeGreaterThan(0.002)
  })

  async function startModules(): Promise<GatewayModules> {
    const options = gatewayOptions(upstream.url)
    const rules = [{ roles: [...ROLES, 'admin'], ttlMs: 3_600_000 }]
    const modules = composeGateway(
      {
        ...options,
        auth: { ...options.auth, unauthorizedRole: 'anonymous' },
        cache: { ...options.cache, rules, compressionBytesMin: 1 },
      },
      { store, clock: systemClock, random: systemRandom, log },
    )
    await modules.identities.start()
    await modules.metadata.start()
    expect(modules.metadata.snapshot().isLoaded).toBe(true)
    return modules
  }

  async function askAbout(project: Project, modules: GatewayModules): Promise<void> {
    const questions = Array.from({ length: QUESTIONS }, () => newAsked(project)).flat()
    const alreadyAsked = new Set<string>()
    const end = Math.min(REQUESTS, counts.requests + REQUESTS_PER_PROJECT)
    while (counts.requests < end) {
      const wave = Array.from({ length: between(random, 1, WAVE_MAX) }, () => ({
        asker: oftenTheFirst(askers),
        asked: oftenTheFirst(questions),
      }))
      const answers = await Promise.all(wave.map((one) => askOne(modules, one.asker, one.asked)))
      for (const [index, { asker, asked }] of wave.entries()) {
        note(answers[index]?.answer, `${asker.name}\n${questions.indexOf(asked)}`, alreadyAsked)
      }
      for (const { answer, expected, told } of answers) compare(answer, expected, told)
      if (random.next() < WRITES) await write(project, modules)
      if (random.next() < PURGES) await purge(modules)
      if (random.next() < CHANGES) {
        project.changePermission()
        counts.changes += 1
        await modules.metadata.refresh()
      }
    }
  }

  /** Some are asked, and ask, much more often than others. */
  function oftenTheFirst<T>(items: readonly T[]): T {
    return pick(random, items.slice(0, Math.ceil(items.length * random.next() ** 3)))
  }

  function newAsked(project: Project): readonly Asked[] {
    const question = randomQuestion(random, project)
    const count = question.slots.length === 0 ? 1 : 3
    return Array.from({ length: count }, () => {
      const chosen = question.slots.map(({ name, values }) => {
        const index = random.uint32() % values.length
        return { name, index, json: values[index]?.json }
      })
      const asked: Asked = {
        question,
        choices: new Map(chosen.map(({ name, index }) => [name, index])),
        variables: Object.fromEntries(chosen.map(({ name, json }) => [name, json])),
      }
      upstream.expectQuestion(asked)
      return asked
    })
  }

  interface Outcome {
    readonly answer: Answer
    readonly expected: string
    /** What was asked by whom. */
    readonly told: string
  }

  async function askOne(modules: GatewayModules, asker: Asker, asked: Asked): Promise<Outcome> {
    const clientHeaders = {
      'x-client': pick(random, ['web', 'app']),
      'accept-language': 'en',
      'accept-encoding': pick(random, ENCODINGS),
    }
    const head = {
      headers: { 'content-type': 'application/json', ...clientHeaders, ...asker.headers },
      requestId: `${counts.requests}`,
      socketAddress: '127.0.0.1',
      trustedHops: 0,
    }
    counts.requests += 1
    const { graphql } = modules.routes
    const query = pick(random, asked.question.texts)
    const { variables } = asked
    const expected = upstream.answer(asked, head.headers)
    const body = JSON.stringify({ query, variables })
    const told = `${asker.name} ${JSON.stringify(clientHeaders)}\n${body}`
    if (random.next() < GETS) {
      const given = new URLSearchParams({ query, variables: JSON.stringify(variables) })
      const answer = await answerGraphqlGet(graphql, head, `/v1/graphql?${given.toString()}`)
      return { answer, expected, told: `GET ${told}` }
    }
    if (random.next() < BATCHES) {
      const answer = await answerGraphql(graphql, head, Buffer.from(`[${body}, ${body}]`))
      return { answer, expected: `[${expected},${expected}]`, told: `twice ${told}` }
    }
    return { answer: await answerGraphql(graphql, head, Buffer.from(body)), expected, told }
  }

  function note(answer: Answer | undefined, asking: string, alreadyAsked: Set<string>): void {
    const isHit = answer?.outcome === 'hit' || answer?.outcome === 'stale'
    if (isHit) counts.hits += 1
    if (isHit && !alreadyAsked.has(asking)) counts.shared += 1
    alreadyAsked.add(asking)
  }

  function compare(answer: Answer, expected: string, told: string): void {
    const { status, outcome } = answer
    const encoding = headerOf(answer, 'Content-Encoding')
    if (encoding !== undefined) counts.compressed += 1
    const got = plainBody(answer, encoding)
    if (got === expected && status === 200) return
    expect.fail(
      [
        `GERBANG_LEAK_SEED=${SEED}, request ${counts.requests}: ${outcome}, ${status}`,
        `gateway:  ${got}`,
        `upstream: ${expected}`,
        told,
      ].join('\n'),
    )
  }

  /** What an operator wants gone changes no answer, softly or not. */
  async function purge({ purger }: GatewayModules): Promise<void> {
    counts.purges += 1
    const what = pick<PurgeTarget>(random, [
      { role: pick(random, ROLES) },
      { operation: `Q${between(random, 0, 3)}` },
      { session_variable: { name: 'x-hasura-user-id', value: pick(random, ['1', '2']) } },
      { table: `public.t${between(random, 0, 4)}`, source: 'default' },
      { everything: true },
    ])
    const mode = pick<'hard' | 'soft'>(random, ['hard', 'soft'])
    const order = { what, mode, isDryRun: random.next() < 0.2, why: undefined }
    await purger.purge(order, { via: 'admin', secret: 1, address: '127.0.0.1' })
  }

  async function write(project: Project, modules: GatewayModules): Promise<void> {
    const mutation = randomWrite(random, project)
    upstream.expectWrite(mutation)
    counts.writes += 1
    const head = {
      headers: { 'content-type': 'application/json', 'x-hasura-admin-secret': ADMIN_SECRET },
      requestId: 'write',
      socketAddress: '127.0.0.1',
      trustedHops: 0,
    }
    const body = Buffer.from(JSON.stringify({ query: mutation.text }))
    const answer = await answerGraphql(modules.routes.graphql, head, body)
    compare(answer, upstream.lastWriteAnswer, mutation.text)
  }
})

function headerOf({ kept, headers }: Answer, name: string): string | undefined {
  const all = [...(kept?.list ?? []), ...headers]
  const at = all.indexOf(name)
  return at < 0 ? undefined : all[at + 1]
}

function plainBody({ body }: Answer, encoding: string | undefined): string {
  if (encoding === 'br') return brotliDecompressSync(body).toString()
  return (encoding === 'gzip' ? gunzipSync(body) : body).toString()
}

async function stopModules(modules: GatewayModules): Promise<void> {
  modules.refresher.stop()
  modules.compressor.stop()
  await modules.metadata.stop()
  await modules.identities.stop()
  modules.invalidation.stop()
  await modules.upstream.destroy()
}

function randomWrite(random: Random, project: Project): Write {
  const tables = [...project.tables.values()].filter(({ kind }) => kind !== 'view')
  const { name, field } = pick(random, tables)
  const row = pick(random, KEYS)
  return pick<Write>(random, [
    {
      text: `mutation { insert_${field}_one(object: {id: 7}) { id } }`,
      table: name,
      row: undefined,
    },
    {
      text: `mutation { insert_${field}(objects: [{id: 7}]) { affected_rows } }`,
      table: name,
      row: undefined,
    },
    {
      text: `mutation { update_${field}(where: {id: {_gt: 1}}, _set: {state: "x"}) { affected_rows } }`,
      table: name,
      row: undefined,
    },
    {
      text: `mutation { update_${field}_by_pk(pk_columns: {id: ${row}}, _set: {state: "x"}) { id } }`,
      table: name,
      row,
    },
    { text: `mutation { delete_${field}_by_pk(id: ${row}) { id } }`, table: name, row },
    { text: 'mutation { mystery(about: "x") { outcome } }', table: undefined, row: undefined },
  ])
}

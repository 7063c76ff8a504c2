import fc from 'fast-check'
import type { GraphQLSchema } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningDemo } from '../../../src/demo/start.ts'
import { canonicalJson } from '../../../src/gateway/graphql/lossless-json.ts'
import { createPreparer } from '../../../src/gateway/graphql/prepare.ts'
import { buildModel, parseExport } from '../../../src/gateway/metadata/hasura-metadata.ts'
import { MetadataPlanner } from '../../../src/gateway/metadata/metadata-planner.ts'
import { catalogsOf, readUpstream } from '../../../src/gateway/metadata/read-upstream.ts'
import { nth } from '../../../src/shared/assert.ts'
import { seededRandom } from '../../../src/shared/random.ts'
import { runToEnd } from '../../../src/shared/slices.ts'
import { ADMIN_SECRET } from '../../support/gateway-options.ts'
import { LIMITS } from '../../support/prepare.ts'
import { bodyOf, variantOf, type Written, writtenIn } from '../../support/request-variants.ts'
import { randomOperation } from '../../support/shop-operations.ts'
import { pick } from '../../support/shop-values.ts'
import { startDemoServer } from '../../support/start-demo.ts'

const RUNS = 600
const VARIANTS = 14
const SESSIONS = [
  { role: 'admin', variables: new Map<string, string>() },
  { role: 'user', variables: new Map([['x-hasura-user-id', '1']]) },
] as const

const preparer = createPreparer({
  limits: { ...LIMITS, tokensMax: 20_000, nodesMax: 10_000, jsonDepthMax: 50 },
  memo: { memoEntriesMax: 10, memoBodyBytesMax: 0 },
  random: seededRandom(1),
  keepsSyntax: true,
})

let demo: RunningDemo
let planner: MetadataPlanner
const schemas = new Map<string, GraphQLSchema>()

beforeAll(async () => {
  demo = await startDemoServer()
  for (const { role } of SESSIONS) schemas.set(role, demo.backend.executor.schemaOf(role))
  const read = await readUpstream(
    {
      fetchJson: async (path, request) => {
        const secret = { 'x-hasura-admin-secret': ADMIN_SECRET }
        const url = new URL(path, demo.url).href
        const answer = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...secret },
          body: JSON.stringify(request),
        })
        return await answer.json()
      },
    },
    AbortSignal.timeout(30_000),
  )
  // The demo names its types so; its metadata leaves it open.
  const text = JSON.stringify(read.metadata).replace(
    '"kind":"postgres"',
    '"kind":"postgres","customization":{"naming_convention":"hasura-default"}',
  )
  planner = new MetadataPlanner(
    buildModel(parseExport(JSON.parse(text)), runToEnd(catalogsOf(read))),
  )
}, 120_000)

afterAll(async () => await demo?.stop())

/** Of requests that are written differently, those that have a key in common. */
function equalRequests(requests: readonly Written[]): readonly (readonly Written[])[] {
  const byKey = new Map<string, Written[]>()
  const seen = new Set<string>()
  for (const one of requests) {
    const { typed, plain } = keysOf(one)
    if (seen.has(plain)) continue
    seen.add(plain)
    byKey.set(typed, [...(byKey.get(typed) ?? []), one])
  }
  return [...byKey.values()].filter(({ length }) => length > 1)
}

/** What the demo answers, without the directive that is for gateways. */
async function answerOf(
  { query, variables }: Written,
  session: (typeof SESSIONS)[number],
): Promise<string> {
  const request = {
    query: query.replace(/ @cached\(ttl: \d+\)/, ''),
    variablesText: canonicalJson(variables),
  }
  const { body } = await demo.backend.executor.execute(request, session, 'http')
  return body
}

function isRefused(body: string): boolean {
  return body.startsWith('{"errors"')
}

function keysOf(written: Written): { readonly typed: string; readonly plain: string } {
  const read = preparer.prepare(Buffer.from(bodyOf(written)))
  if (read.kind !== 'single') throw new Error('one request')
  const texts = planner.keyTexts(read)
  const plain = `${read.operation.digest} ${read.variablesText}`
  const typed = texts === undefined ? plain : `${texts.operationDigest} ${texts.variablesText}`
  return { typed, plain }
}

describe('requests of one key by the schema', () => {
  it('have byte for byte the same answer of the demo Hasura', async () => {
    const counts = { pairs: 0, requests: 0 }
    const property = fc.asyncProperty(fc.noBias(fc.nat()), async (seed) => {
      const random = seededRandom(seed)
      const session = pick(random, SESSIONS)
      const schema = schemas.get(session.role)
      if (schema === undefined) throw new Error('a role of the demo')
      const seeds = { shape: random.uint32(), values: random.uint32(), order: random.uint32() }
      const base = writtenIn(randomOperation(schema, 'query', seeds))
      if (isRefused(await answerOf(base, session))) return
      const written = [base]
      for (let index = 0; index < VARIANTS; index += 1) {
        const from = random.next() < 0.5 ? base : pick(random, written)
        written.push(variantOf(schema, from, random))
      }
      for (const same of equalRequests(written)) {
        const [first = '', ...others] = await Promise.all(
          same.map(async (one) => await answerOf(one, session)),
        )
        for (const [index, other] of others.entries()) {
          // Errors are never kept, and name the place as it was written.
          if (isRefused(first) && isRefused(other)) continue
          counts.pairs += 1
          const texts = [nth(same, 0), nth(same, index + 1)].map(bodyOf)
          expect([...texts, other]).toEqual([...texts, first])
        }
      }
      counts.requests += written.length
    })
    await fc.assert(property, { numRuns: RUNS, endOnFailure: true })
    // Otherwise it would have shown nothing.
    expect(counts.pairs).toBeGreaterThan(2_000)
  }, 300_000)
})

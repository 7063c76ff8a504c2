import { freePort } from '../test/support/free-port.ts'
import { type LoadResult, load } from './http-load.ts'
import { median, show } from './medians.ts'
import { hasNginx, startNginxCache } from './nginx-cache.ts'
import { pinLoad, type ServerProcess, startNode } from './server-process.ts'
import { type Clients, createClients } from './shop-requests.ts'

const ROUNDS = 7
const SLICE_MS = 1_500
const CONNECTIONS = 64
const PAIRS = 1_000
const STAMPEDE = 200
const STAMPEDE_DELAY_MS = 100

interface Target {
  readonly title: string
  readonly server: ServerProcess
  readonly request: (index: number) => Buffer
}

interface Slice {
  readonly cpuUs: number
  readonly perSecond: number
  readonly p99Ms: number
}

/** Hits and misses beside what they are measured against, in turn, and a stampede. */
export async function gatewayBench(): Promise<void> {
  const clients = createClients()
  pinLoad()
  const upstream = await startNode('./serve-upstream.ts', {})
  const servers: ServerProcess[] = [upstream]
  try {
    const targets = await startTargets(upstream, clients, servers)
    for (const { server, request } of targets) await warm(server, request)
    const rounds: Slice[][] = []
    for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measureAll(targets, round))
    print(targets, rounds)
    await stampede(clients)
  } finally {
    for (const server of servers.toReversed()) await server.stop()
  }
}

async function startTargets(
  upstream: ServerProcess,
  clients: Clients,
  servers: ServerProcess[],
): Promise<readonly Target[]> {
  const bare = await startNode('./serve-bare.ts', {})
  const gateway = await startGateway(upstream.port, clients.jwtSecret)
  const unprotected = await startGateway(upstream.port)
  servers.push(bare, gateway, unprotected)
  const requests = Array.from({ length: PAIRS }, (_, index) => clients.request(index))
  const hit = (index: number): Buffer => requests[index % PAIRS] ?? Buffer.alloc(0)
  let fresh = PAIRS
  const miss = (): Buffer => {
    fresh += 1
    return clients.request(fresh)
  }
  const targets = [
    { title: '(a) bare Fastify, the same bytes', server: bare, request: hit },
    { title: '(b) gateway, hit', server: gateway, request: hit },
    { title: '(b0) the same, without limits, tokens', server: unprotected, request: hit },
    { title: '(c) gateway, miss', server: gateway, request: miss },
    { title: '(d) the upstream directly', server: upstream, request: hit },
  ]
  if (!hasNginx()) return targets
  const nginx = await startNginxCache(await freePort(), upstream.port)
  servers.push(nginx)
  return [...targets, { title: '(e) nginx proxy_cache, hit', server: nginx, request: hit }]
}

/** Without a secret for tokens it is unprotected. */
async function startGateway(upstreamPort: number, jwtSecret?: string): Promise<ServerProcess> {
  return await startNode('./serve-gateway.ts', {
    HASURA_GRAPHQL_ENDPOINT: `http://127.0.0.1:${upstreamPort}`,
    HASURA_GRAPHQL_ADMIN_SECRET: 'bench',
    ...(jwtSecret === undefined
      ? { BENCH_UNPROTECTED: '1' }
      : { HASURA_GRAPHQL_JWT_SECRET: jwtSecret }),
  })
}

/** Fills the caches, and gives the compiler something to go by. */
async function warm(server: ServerProcess, request: (index: number) => Buffer): Promise<void> {
  await load({ port: server.port, request, connections: CONNECTIONS, durationMs: SLICE_MS })
}

/** Each target once, another one first in each round. */
async function measureAll(targets: readonly Target[], round: number): Promise<Slice[]> {
  const slices: Slice[] = []
  for (let turn = 0; turn < targets.length; turn += 1) {
    const index = (turn + round) % targets.length
    const target = targets[index]
    if (target !== undefined) slices[index] = await measure(target)
  }
  return slices
}

async function measure({ server, request }: Target): Promise<Slice> {
  const cpuBefore = server.cpuUs()
  const options = { port: server.port, request, connections: CONNECTIONS, durationMs: SLICE_MS }
  const result = await load(options)
  return {
    cpuUs: (server.cpuUs() - cpuBefore) / result.answers,
    perSecond: result.answers / result.seconds,
    p99Ms: quantile(result, 0.99),
  }
}

function quantile({ latenciesMs }: LoadResult, share: number): number {
  return latenciesMs[Math.floor((latenciesMs.length - 1) * share)] ?? Number.NaN
}

function print(targets: readonly Target[], rounds: readonly (readonly Slice[])[]): void {
  const column = (of: (slice: Slice) => number, index: number): readonly number[] =>
    rounds.flatMap((slices) => {
      const slice = slices[index]
      return slice === undefined ? [] : [of(slice)]
    })
  const ratios = (index: number): readonly number[] =>
    rounds.map((slices) => (slices[0]?.cpuUs ?? Number.NaN) / (slices[index]?.cpuUs ?? Number.NaN))
  const lines = targets.map(({ title }, index) => [
    title,
    show(median(column((slice) => slice.cpuUs, index)), 1),
    show(Math.min(...column((slice) => slice.cpuUs, index)), 1),
    show(median(ratios(index)), 2),
    show(median(column((slice) => slice.perSecond, index)), 0),
    show(median(column((slice) => slice.p99Ms, index)), 2),
  ])
  const head = ['', 'CPU us', 'best', '(a) / it', 'answers/s', 'p99 ms']
  process.stdout.write(
    `gateway: answers of 1 KB over ${PAIRS} pairs of body and token, ${CONNECTIONS} connections, ` +
      `${ROUNDS} rounds in turn, medians; CPU of the server per answer\n`,
  )
  for (const [title = '', ...cells] of [head, ...lines]) {
    process.stdout.write(
      `  ${title.padEnd(38)}${cells.map((cell) => cell.padStart(11)).join('')}\n`,
    )
  }
}

/** Many at once for what nobody has asked before, in front of an upstream that takes its time. */
async function stampede(clients: Clients): Promise<void> {
  const upstream = await startNode('./serve-upstream.ts', {
    BENCH_DELAY_MS: String(STAMPEDE_DELAY_MS),
  })
  const gateway = await startGateway(upstream.port, clients.jwtSecret)
  try {
    const slowestMs: number[] = []
    const calls: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = await callsOf(upstream)
      const request = (): Buffer => clients.request(round)
      const options = { port: gateway.port, request, connections: STAMPEDE, requests: STAMPEDE }
      const { latenciesMs } = await load(options)
      slowestMs.push((latenciesMs.at(-1) ?? Number.NaN) - STAMPEDE_DELAY_MS)
      calls.push((await callsOf(upstream)) - before)
    }
    process.stdout.write(
      `  ${STAMPEDE} equal cold requests, upstream ${STAMPEDE_DELAY_MS} ms: ${median(calls)} upstream call ` +
        `(${Math.min(...calls)} to ${Math.max(...calls)}), the slowest ${show(median(slowestMs), 0)} ms later ` +
        `(${show(Math.min(...slowestMs), 0)} to ${show(Math.max(...slowestMs), 0)})\n`,
    )
  } finally {
    await gateway.stop()
    await upstream.stop()
  }
}

async function callsOf(upstream: ServerProcess): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${upstream.port}/calls`)
  return Number(await response.text())
}

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describeMachine } from './machine.ts'
import {
  type BenchmarkLoad,
  type BenchmarkRound,
  CLIENTS,
  COMPARED_COLUMNS,
  COMPARED_RULE,
  compareRounds,
  RANDOM_KEYS,
  roundCount,
  runRedisBenchmark,
} from './redis-benchmark-run.ts'
import { pinLoad, type ServerProcess } from './server-process.ts'
import { startServer } from './start-server.ts'

/** Requests of one round at each depth of pipeline: a second or so for commands that cost little. */
const DEPTHS: readonly (readonly [depth: number, requests: number])[] = [
  [1, 50_000],
  [16, 300_000],
  [64, 600_000],
]
const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))

interface Test {
  readonly name: string
  /** One of redis-benchmark's own tests, or a command of our own. */
  readonly args: readonly string[]
  /** What must be there: run before each round with as many requests. */
  readonly prefill?: readonly string[]
  /** Times dearer than a GET: so many fewer requests. */
  readonly weight?: number
}

const own = (name: string): Test => ({ name, args: ['-t', name] })

const TESTS: readonly Test[] = [
  own('ping_inline'),
  own('ping_mbulk'),
  own('set'),
  own('get'),
  own('incr'),
  own('lpush'),
  own('rpush'),
  { ...own('lpop'), prefill: ['-t', 'lpush'] },
  { ...own('rpop'), prefill: ['-t', 'rpush'] },
  own('sadd'),
  own('hset'),
  { ...own('spop'), prefill: ['-t', 'sadd'] },
  own('zadd'),
  { ...own('zpopmin'), prefill: ['-t', 'zadd'] },
  { ...own('lrange_100'), weight: 10 },
  { ...own('lrange_300'), weight: 25 },
  { ...own('lrange_500'), weight: 40 },
  { ...own('lrange_600'), weight: 50 },
  { ...own('mset'), weight: 8 },
  { name: 'zrank', args: ['ZRANK', 'myzset', 'element:__rand_int__'], prefill: ['-t', 'zadd'] },
  { name: 'xadd', args: ['XADD', 'mystream', '*', 'myfield', 'mydata'] },
]

/**
 * The engine behind its socket beside redis-server, both asked by redis-benchmark, in turns: its default tests and a
 * few more. GERBANG_BENCH_TESTS names some of them, GERBANG_BENCH_ROUNDS says how often.
 */
export async function redisBenchmarkBench(): Promise<void> {
  const theirs = await startServer('redis-server', ['--save', ''])
  const ours = await startServer(process.execPath, [MAIN, 'engine', '--save', ''])
  pinLoad()
  process.stdout.write(
    `redis-benchmark: ${CLIENTS} clients, ${RANDOM_KEYS} random keys, 3-byte values\n` +
      `  ${describeMachine()}\n` +
      '  requests per second and CPU of the server per request; ratios: above 1 the engine is better\n' +
      `  | test | P | ${COMPARED_COLUMNS}\n  | --- | --- | ${COMPARED_RULE}\n`,
  )
  try {
    for (const [depth, requests] of DEPTHS) {
      for (const test of chosenTests()) compare([theirs, ours], test, { depth, requests })
    }
  } finally {
    await Promise.all([theirs.stop(), ours.stop()])
  }
}

function chosenTests(): readonly Test[] {
  const names = process.env['GERBANG_BENCH_TESTS']?.split(',')
  return names === undefined ? TESTS : TESTS.filter(({ name }) => names.includes(name))
}

function compare(
  [theirs, ours]: readonly [ServerProcess, ServerProcess],
  test: Test,
  load: BenchmarkLoad,
): void {
  const cells = compareRounds(
    roundCount(),
    () => measure(theirs, test, load),
    () => measure(ours, test, load),
  )
  process.stdout.write(`  | ${[test.name.toUpperCase(), load.depth, ...cells].join(' | ')} |\n`)
}

function measure(
  server: ServerProcess,
  { args, prefill, weight }: Test,
  load: BenchmarkLoad,
): BenchmarkRound {
  const requests = Math.ceil(load.requests / (weight ?? 1))
  execFileSync('redis-cli', ['-p', `${server.port}`, 'FLUSHALL'])
  if (prefill !== undefined) runRedisBenchmark(server, { depth: 16, requests }, prefill)
  const before = server.cpuUs()
  // LRANGE tests fill their list first: the last one is the test's own.
  const perSecond = runRedisBenchmark(server, { depth: load.depth, requests }, args).at(-1)
  return { perSecond: perSecond ?? Number.NaN, cpuMicros: (server.cpuUs() - before) / requests }
}

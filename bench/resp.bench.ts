import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describeMachine } from './machine.ts'
import { median } from './medians.ts'
import { pinLoad, type ServerProcess } from './server-process.ts'
import { startServer } from './start-server.ts'

const ROUNDS = 5
const COMMANDS = ['set', 'get', 'incr'] as const
/** Requests of one round at each depth of pipeline: a second or so. */
const DEPTHS: readonly (readonly [depth: number, requests: number])[] = [
  [1, 60_000],
  [16, 500_000],
]
const KEYS = 100_000
const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))

interface Round {
  readonly perSecond: number
  readonly cpuMicros: number
}

/** The engine behind its socket beside redis-server, both asked by redis-benchmark, in turns. */
export async function respBench(): Promise<void> {
  const theirs = await startServer('redis-server', ['--save', ''])
  const ours = await startServer(process.execPath, [MAIN, 'engine'])
  pinLoad()
  process.stdout.write(`resp: redis-benchmark, 50 clients, ${KEYS} random keys, 3-byte values\n`)
  process.stdout.write(`  ${describeMachine()}\n`)
  process.stdout.write(
    '  requests per second and CPU of the server per request; ratios: above 1 the engine is better\n',
  )
  try {
    for (const [depth, requests] of DEPTHS) {
      for (const command of COMMANDS) compare([theirs, ours], command, depth, requests)
    }
  } finally {
    await Promise.all([theirs.stop(), ours.stop()])
  }
}

function compare(
  [theirs, ours]: readonly [ServerProcess, ServerProcess],
  command: string,
  depth: number,
  requests: number,
): void {
  const pairs: (readonly [Round, Round])[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    pairs.push([ask(theirs, command, depth, requests), ask(ours, command, depth, requests)])
  }
  const of = (pick: (pair: readonly [Round, Round]) => number) => median(pairs.map(pick))
  const rates = [of(([a]) => a.perSecond), of(([, b]) => b.perSecond)]
  const cpus = [of(([a]) => a.cpuMicros), of(([, b]) => b.cpuMicros)]
  const rateRatio = of(([a, b]) => b.perSecond / a.perSecond)
  const cpuRatio = of(([a, b]) => a.cpuMicros / b.cpuMicros)
  process.stdout.write(
    `  P=${depth} ${command.toUpperCase()}: redis-server ${rates[0]?.toFixed(0)}/s ${cpus[0]?.toFixed(2)} us, ` +
      `engine ${rates[1]?.toFixed(0)}/s ${cpus[1]?.toFixed(2)} us, ` +
      `ratio ${rateRatio.toFixed(2)}, of CPU ${cpuRatio.toFixed(2)}\n`,
  )
}

function ask(server: ServerProcess, command: string, depth: number, requests: number): Round {
  const before = server.cpuUs()
  const options = `-p ${server.port} -t ${command} -n ${requests} -P ${depth} -c 50 -r ${KEYS} --csv`
  const output = execFileSync('redis-benchmark', options.split(' '), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const perSecond = Number(/^"[A-Z]+","([\d.]+)"/m.exec(output)?.[1])
  if (!(perSecond > 0)) throw new Error(`redis-benchmark said: ${output}`)
  return { perSecond, cpuMicros: (server.cpuUs() - before) / requests }
}

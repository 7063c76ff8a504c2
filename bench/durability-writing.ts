import { execFileSync } from 'node:child_process'
import { ENGINE, REDIS, startDurable, withDirectory } from './durable-servers.ts'
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

const VALUE_BYTES = 100
const POLICIES = ['everysec', 'always']
const LOADS: readonly BenchmarkLoad[] = [
  { depth: 1, requests: 150_000 },
  { depth: 16, requests: 300_000 },
]
/** Tests of redis-benchmark; several run one after the other. */
const MIXES: readonly (readonly string[])[] = [['set'], ['set', 'lpush', 'hset', 'zadd']]

/** Writes with the log on: how many, and what one costs. */
export async function compareWriting(folder: string): Promise<void> {
  process.stdout.write(
    `  writing: redis-benchmark, ${CLIENTS} clients, ${RANDOM_KEYS} random keys, values of ${VALUE_BYTES} bytes, ` +
      `appendonly yes, median of ${roundCount()} rounds\n` +
      `  | appendfsync | writes | P | ${COMPARED_COLUMNS}\n  | --- | --- | --- | ${COMPARED_RULE}\n`,
  )
  pinLoad()
  for (const policy of POLICIES) await compareWithPolicy(folder, policy)
}

async function compareWithPolicy(folder: string, policy: string): Promise<void> {
  const directives = ['--appendonly', 'yes', '--appendfsync', policy]
  await withDirectory(folder, async (theirDirectory) =>
    withDirectory(folder, async (ourDirectory) => {
      const theirs = await startDurable(REDIS, theirDirectory, directives)
      const ours = await startDurable(ENGINE, ourDirectory, directives)
      try {
        for (const tests of MIXES) {
          for (const load of LOADS) {
            const cells = compareRounds(
              roundCount(),
              () => measure(theirs, tests, load),
              () => measure(ours, tests, load),
            )
            const row = [policy, tests.join(', ').toUpperCase(), load.depth, ...cells]
            process.stdout.write(`  | ${row.join(' | ')} |\n`)
          }
        }
      } finally {
        await Promise.all([theirs.stop(), ours.stop()])
      }
    }),
  )
}

function measure(
  server: ServerProcess,
  tests: readonly string[],
  { depth, requests }: BenchmarkLoad,
): BenchmarkRound {
  execFileSync('redis-cli', ['-p', `${server.port}`, 'FLUSHALL'])
  const each = Math.ceil(requests / tests.length)
  const before = server.cpuUs()
  const args = ['-d', `${VALUE_BYTES}`, '-t', tests.join(',')]
  const rates = runRedisBenchmark(server, { depth, requests: each }, args)
  const cpuMicros = (server.cpuUs() - before) / (each * rates.length)
  // Of all of them in one go, each as often.
  const secondsPerRequest = rates.reduce((sum, rate) => sum + 1 / rate, 0) / rates.length
  return { perSecond: 1 / secondsPerRequest, cpuMicros }
}

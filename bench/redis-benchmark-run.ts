import { execFileSync } from 'node:child_process'
import { median } from './medians.ts'
import type { ServerProcess } from './server-process.ts'

export const CLIENTS = 50
export const RANDOM_KEYS = 100_000

export interface BenchmarkLoad {
  /** Of the pipeline. */
  readonly depth: number
  readonly requests: number
}

export interface BenchmarkRound {
  readonly perSecond: number
  /** CPU time of the server per request. */
  readonly cpuMicros: number
}

/** Asks `server` by redis-benchmark; gives the requests per second of each test it ran, in their order. */
export function runRedisBenchmark(
  server: ServerProcess,
  { depth, requests }: BenchmarkLoad,
  args: readonly string[],
): readonly number[] {
  const options = `-p ${server.port} -n ${requests} -P ${depth} -c ${CLIENTS} -r ${RANDOM_KEYS} --csv`
  const output = execFileSync('redis-benchmark', [...options.split(' '), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const rates = [...output.matchAll(/^"(?:[^"]|"")*","([\d.]+)"/gm)].map(([, rate]) => Number(rate))
  if (rates.length === 0 || !rates.every((rate) => rate > 0)) {
    throw new Error(`redis-benchmark said: ${output}`)
  }
  return rates
}

/** Heads of the columns that `compareRounds` fills. */
export const COMPARED_COLUMNS =
  'redis-server | engine | ratio | redis-server us | engine us | ratio of CPU |'
export const COMPARED_RULE = '--- | --- | --- | --- | --- | --- |'

/**
 * Measures both in turns: medians, and those of the ratios of each turn. Above 1 the engine is better. The first turn
 * counts for nothing: V8 compiles what is run often while it runs, on the server's core.
 */
export function compareRounds(
  count: number,
  measureTheirs: () => BenchmarkRound,
  measureOurs: () => BenchmarkRound,
): readonly string[] {
  const measureBoth = () => [measureTheirs(), measureOurs()] as const
  measureBoth()
  const pairs = Array.from({ length: count }, measureBoth)
  const of = (pick: (pair: readonly [BenchmarkRound, BenchmarkRound]) => number) =>
    median(pairs.map(pick))
  return [
    of(([a]) => a.perSecond).toFixed(0),
    of(([, b]) => b.perSecond).toFixed(0),
    of(([a, b]) => b.perSecond / a.perSecond).toFixed(2),
    of(([a]) => a.cpuMicros).toFixed(2),
    of(([, b]) => b.cpuMicros).toFixed(2),
    of(([a, b]) => a.cpuMicros / b.cpuMicros).toFixed(2),
  ]
}

/** GERBANG_BENCH_ROUNDS says how often everything is measured. */
export function roundCount(): number {
  return Number(process.env['GERBANG_BENCH_ROUNDS'] ?? 5)
}

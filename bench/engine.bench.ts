import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ROUNDS = 5

export interface EngineRound {
  readonly rssBytesPerKey: number
  readonly usedBytesPerKey: number
  readonly setsPerSecond: number
  readonly getsPerSecond: number
  /** The longest garbage collection, and the longest time between two looks at the clock. */
  readonly longestGcMs: number
  readonly longestPauseMs: number
}

/** One million keys of 10 bytes with values of 100 in the engine of a fresh process, five times. */
export async function engineBench(): Promise<void> {
  const program = fileURLToPath(new URL('./engine-round.ts', import.meta.url))
  const rounds: EngineRound[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const child = spawnSync(process.execPath, ['--expose-gc', '--import', 'tsx', program], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    if (child.status !== 0) throw new Error(`a round ended with ${child.status}`)
    rounds.push(JSON.parse(child.stdout))
  }
  const figures: readonly (readonly [title: string, of: keyof EngineRound, digits: number])[] = [
    ['RSS per key (bytes)', 'rssBytesPerKey', 1],
    ['used_memory per key (bytes)', 'usedBytesPerKey', 1],
    ['SET in process (per second)', 'setsPerSecond', 0],
    ['GET in process (per second)', 'getsPerSecond', 0],
    ['longest GC pause (ms)', 'longestGcMs', 1],
    ['longest pause while loading (ms)', 'longestPauseMs', 1],
  ]
  process.stdout.write(`engine: 1,000,000 keys, median of ${ROUNDS} rounds (min to max)\n`)
  for (const [title, name, digits] of figures) {
    const values = rounds.map((round) => round[name]).sort((left, right) => left - right)
    const show = (value: number | undefined) => (value ?? 0).toFixed(digits)
    const median = show(values[ROUNDS >> 1])
    process.stdout.write(`  ${title}: ${median} (${show(values[0])} to ${show(values.at(-1))})\n`)
  }
}

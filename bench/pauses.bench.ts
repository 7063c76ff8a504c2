import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describeMachine } from './machine.ts'
import { median, show } from './medians.ts'

const ROUNDS = 3

export interface PausesRound {
  readonly loadPauseMs: number
  readonly loadsPerSecond: number
  readonly evictionPauseMs: number
  readonly evictionsPerSecond: number
  readonly evictedKeys: number
}

const FIGURES: readonly (readonly [title: string, of: keyof PausesRound, digits: number])[] = [
  ['longest pause while loading (ms)', 'loadPauseMs', 1],
  ['SET of new keys (per second)', 'loadsPerSecond', 0],
  ['longest pause while evicting (ms)', 'evictionPauseMs', 1],
  ['SET of new keys at maxmemory (per second)', 'evictionsPerSecond', 0],
  ['evicted keys', 'evictedKeys', 0],
]

/** Five million keys, then another million with `maxmemory` reached: how long nothing else can happen. */
export async function pausesBench(): Promise<void> {
  const rounds = Array.from({ length: ROUNDS }, playRound)
  process.stdout.write(
    `pauses: 5,000,000 keys of 10 bytes, values of 100, then 1,000,000 more with eviction; median of ${ROUNDS} (min to max)\n` +
      `  ${describeMachine()}\n`,
  )
  for (const [title, name, digits] of FIGURES) {
    const values = rounds.map((round) => round[name])
    const range = `${show(Math.min(...values), digits)} to ${show(Math.max(...values), digits)}`
    process.stdout.write(`  ${title}: ${show(median(values), digits)} (${range})\n`)
  }
}

function playRound(): PausesRound {
  const program = fileURLToPath(new URL('./pauses-round.ts', import.meta.url))
  const child = spawnSync(process.execPath, ['--import', 'tsx', program], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (child.status !== 0) throw new Error(`a round ended with ${child.status}`)
  return JSON.parse(child.stdout)
}

import { execFileSync, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describeMachine } from './machine.ts'
import { median, show } from './medians.ts'
import { pipeCommands } from './pipe-commands.ts'
import { startServer } from './start-server.ts'

const ROUNDS = 5
const KEYS = 1_000_000

export interface EngineRound {
  readonly rssBytesPerKey: number
  readonly usedBytesPerKey: number
  /** New keys; then existing ones, in random order. */
  readonly loadsPerSecond: number
  readonly setsPerSecond: number
  readonly getsPerSecond: number
  /** The longest garbage collection that V8 made by itself. */
  readonly longestGcMs: number
  /** The longest time between two looks at the clock, 64 commands apart. */
  readonly loadPauseMs: number
  readonly readPauseMs: number
  readonly churnPauseMs: number
  readonly flushMs: number
}

const FIGURES: readonly (readonly [title: string, of: keyof EngineRound, digits: number])[] = [
  ['RSS per key (bytes)', 'rssBytesPerKey', 1],
  ['used_memory per key (bytes)', 'usedBytesPerKey', 1],
  ['SET of new keys in process (per second)', 'loadsPerSecond', 0],
  ['SET of random keys in process (per second)', 'setsPerSecond', 0],
  ['GET of random keys in process (per second)', 'getsPerSecond', 0],
  ['longest garbage collection (ms)', 'longestGcMs', 1],
  ['longest pause while loading (ms)', 'loadPauseMs', 1],
  ['longest pause while reading (ms)', 'readPauseMs', 1],
  ['longest pause while deleting, expiring and resizing (ms)', 'churnPauseMs', 1],
  ['FLUSHALL (ms)', 'flushMs', 1],
]

/** One million keys of 10 bytes with values of 100 in the engine of a fresh process, five times. */
export async function engineBench(): Promise<void> {
  const rounds = Array.from({ length: ROUNDS }, playRound)
  process.stdout.write(
    `engine: ${KEYS} keys of 10 bytes, values of 100, median of ${ROUNDS} rounds (min to max)\n`,
  )
  process.stdout.write(`  ${describeMachine()}\n`)
  for (const [title, name, digits] of FIGURES) {
    const values = rounds.map((round) => round[name])
    const range = `${show(Math.min(...values), digits)} to ${show(Math.max(...values), digits)}`
    process.stdout.write(`  ${title}: ${show(median(values), digits)} (${range})\n`)
  }
  const redis = await weighRedis()
  process.stdout.write(
    redis === undefined
      ? '  redis-server: not installed\n'
      : `  redis-server ${redis.version} with the same keys: RSS per key ${show(redis.rssBytesPerKey, 1)} bytes, ` +
          `used_memory per key ${show(redis.usedBytesPerKey, 1)} bytes\n`,
  )
}

function playRound(): EngineRound {
  const program = fileURLToPath(new URL('./engine-round.ts', import.meta.url))
  const child = spawnSync(process.execPath, ['--expose-gc', '--import', 'tsx', program], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (child.status !== 0) throw new Error(`a round ended with ${child.status}`)
  return JSON.parse(child.stdout)
}

interface RedisWeight {
  readonly version: string
  readonly rssBytesPerKey: number
  readonly usedBytesPerKey: number
}

/** What the same keys weigh in redis-server; `undefined` where it is not installed. */
async function weighRedis(): Promise<RedisWeight | undefined> {
  if (spawnSync('redis-server', ['--version']).status !== 0) return undefined
  const server = await startServer('redis-server', ['--save', ''])
  try {
    const before = infoOf(server.port)
    const value = 'v'.repeat(100)
    const command = (index: number) => ['SET', String(index).padStart(10, '0'), value]
    await pipeCommands(server.port, command, { from: 0, to: KEYS })
    const after = infoOf(server.port)
    const perKey = (field: string) => (Number(after.get(field)) - Number(before.get(field))) / KEYS
    return {
      version: after.get('redis_version') ?? '',
      rssBytesPerKey: perKey('used_memory_rss'),
      usedBytesPerKey: perKey('used_memory'),
    }
  } finally {
    await server.stop()
  }
}

function infoOf(port: number): ReadonlyMap<string, string> {
  const text = execFileSync('redis-cli', ['-p', `${port}`, 'INFO'], { encoding: 'utf8' })
  return new Map(
    text.split('\r\n').map((line): [string, string] => {
      const [field = '', value = ''] = line.split(':')
      return [field, value]
    }),
  )
}

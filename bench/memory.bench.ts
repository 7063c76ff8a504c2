import { fileURLToPath } from 'node:url'
import { describeMachine } from './machine.ts'
import { median, show } from './medians.ts'
import { pipeCommands } from './pipe-commands.ts'
import type { ServerProcess } from './server-process.ts'
import { startServer } from './start-server.ts'

const ROUNDS = 3
const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))

interface DataSet {
  readonly title: string
  /** Keys, or members, that the bytes are told per. */
  readonly count: number
  readonly commands: number
  readonly command: (index: number) => readonly string[]
}

const name = (index: number, digits: number): string => String(index).padStart(digits, '0')

const DATA_SETS: readonly DataSet[] = [
  {
    title: '1,000,000 strings of 10 + 100 bytes, per key',
    count: 1_000_000,
    commands: 1_000_000,
    command: (index) => ['SET', name(index, 10), 'v'.repeat(100)],
  },
  {
    title: '100,000 hashes of 10 small fields, per hash',
    count: 100_000,
    commands: 100_000,
    command: (index) => [
      'HSET',
      `user:${name(index, 6)}`,
      ...Array.from({ length: 10 }, (_, field) => [
        `field${field}`,
        `value${index % 1_000}`,
      ]).flat(),
    ],
  },
  {
    title: 'one sorted set of 1,000,000 members, per member',
    count: 1_000_000,
    commands: 1_000_000,
    command: (index) => [
      'ZADD',
      'scores',
      String((index * 7_919) % 1_000_003),
      `member:${name(index, 8)}`,
    ],
  },
  {
    title: '100,000 sets of 10 words, per set',
    count: 100_000,
    commands: 100_000,
    command: (index) => [
      'SADD',
      `tags:${name(index, 6)}`,
      ...Array.from({ length: 10 }, (_, tag) => `tag-${(index * 13 + tag * 97) % 5_000}`),
    ],
  },
  {
    title: 'one list of 1,000,000 elements of 10 bytes, per element',
    count: 1_000_000,
    commands: 1_000_000,
    command: (index) => ['RPUSH', 'queue', name(index, 10)],
  },
]

/** The part of the data that is there before anything is weighed: what a process grows by at first is no data. */
const WARM_UP = 0.1

/** How much the resident memory of both servers grows with the same data, but for its first tenth. */
export async function memoryBench(): Promise<void> {
  process.stdout.write(
    `memory: growth of RSS in bytes behind the first tenth of the data, median of ${ROUNDS} rounds, each in fresh processes\n` +
      `  ${describeMachine()}\n  | data | redis-server | engine | ratio |\n  | --- | --- | --- | --- |\n`,
  )
  for (const dataSet of DATA_SETS) {
    const theirs: number[] = []
    const ours: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      theirs.push(await weigh(await startServer('redis-server', ['--save', '']), dataSet))
      ours.push(
        await weigh(await startServer(process.execPath, [MAIN, 'engine', '--save', '']), dataSet),
      )
    }
    const [their, our] = [median(theirs), median(ours)]
    process.stdout.write(
      `  | ${dataSet.title} | ${show(their, 1)} | ${show(our, 1)} | ${show(our / their, 2)} |\n`,
    )
  }
}

/** Stops the server. */
async function weigh(
  server: ServerProcess,
  { command, commands, count }: DataSet,
): Promise<number> {
  const warmUp = commands * WARM_UP
  try {
    await pipeCommands(server.port, command, { from: 0, to: warmUp })
    const before = server.rssBytes()
    await pipeCommands(server.port, command, { from: warmUp, to: commands })
    return (server.rssBytes() - before) / (count * (1 - WARM_UP))
  } finally {
    await server.stop()
  }
}

import { setTimeout } from 'node:timers/promises'
import { RawRespClient } from '../test/support/raw-resp-client.ts'
import { KEYS, PROGRAMS, setKey, startDurable, withDirectory } from './durable-servers.ts'
import { median, show } from './medians.ts'
import { pipeCommands } from './pipe-commands.ts'
import { roundCount } from './redis-benchmark-run.ts'
import { onAllCores, pinLoad, queuedMs, type ServerProcess } from './server-process.ts'

/** Between two writes; the longest time that one waits for its reply is the pause. */
const WRITE_INTERVAL_MS = 1
/** Before the save: how long writes wait without one. */
const CALM_MS = 1_000
const MIB = 1_024 ** 2

const BGSAVE = {
  title: 'BGSAVE',
  command: 'BGSAVE',
  isRunning: 'rdb_bgsave_in_progress:1',
  hasFailed: 'rdb_last_bgsave_status:err',
  copied: 'rdb_last_cow_size',
}
/** A sorted set of as many members as there are keys, that another client changes as soon as the save has begun. */
const LARGE = 'leaderboard'

const SAVES: readonly Save[] = [
  BGSAVE,
  {
    title: 'BGREWRITEAOF',
    command: 'BGREWRITEAOF',
    isRunning: 'aof_rewrite_in_progress:1',
    hasFailed: 'aof_last_bgrewrite_status:err',
    copied: 'aof_last_cow_size',
  },
  { ...BGSAVE, title: 'BGSAVE with a large set that changes', changesLarge: true },
]

interface Save {
  readonly title: string
  readonly command: string
  /** What INFO says meanwhile, and after it. */
  readonly isRunning: string
  readonly hasFailed: string
  readonly copied: string
  /** Whether the large set is made before it, and changed amid it. */
  readonly changesLarge?: true
}

interface SaveFigures {
  readonly calmPauseMs: number
  readonly pauseMs: number
  /** How long the change of the large set took. */
  readonly changeMs: number
  readonly seconds: number
  readonly extraMib: number
}

const FIGURES: readonly (readonly [title: string, of: keyof SaveFigures, digits: number])[] = [
  ['longest wait for a reply before it, ms', 'calmPauseMs', 1],
  ['longest wait for a reply during it, ms', 'pauseMs', 1],
  ['wait of the change, ms', 'changeMs', 1],
  ['duration, s', 'seconds', 2],
  ['extra memory, MiB', 'extraMib', 1],
]

/**
 * BGSAVE and BGREWRITEAOF of a million keys while one write comes after the other, and of a large value that changes:
 * what they wait for. The extra memory is the process' growth at its highest, and for redis-server what its child has
 * copied, as it tells itself. Both have all cores: one saves in a child, the other packs on a thread.
 */
export async function compareSnapshots(folder: string): Promise<void> {
  pinLoad()
  const rounds = new Map<string, SaveFigures[]>()
  for (let round = 0; round < roundCount(); round += 1) {
    for (const [name, program] of PROGRAMS) {
      await withDirectory(folder, async (directory) => {
        const server = await startDurable(onAllCores(program), directory, ['--appendonly', 'yes'])
        try {
          await pipeCommands(server.port, setKey, { from: 0, to: KEYS })
          for (const save of SAVES) {
            if (save.changesLarge) {
              await pipeCommands(server.port, addMember, { from: 0, to: KEYS })
            }
            const key = `${save.title} ${name}`
            rounds.set(key, [...(rounds.get(key) ?? []), await measure(server, save)])
          }
        } finally {
          await server.stop()
        }
      })
    }
  }
  print(rounds)
}

function print(rounds: ReadonlyMap<string, readonly SaveFigures[]>): void {
  process.stdout.write(
    `  snapshots: ${KEYS} keys, a write every ${WRITE_INTERVAL_MS} ms, median of ${roundCount()} rounds (min to max)\n` +
      `  | | ${PROGRAMS.map(([name]) => name).join(' | ')} |\n  | --- | --- | --- |\n`,
  )
  for (const { changesLarge, title: save } of SAVES) {
    for (const [title, figure, digits] of FIGURES) {
      if (figure === 'changeMs' && !changesLarge) continue
      const cells = PROGRAMS.map(([name]) => {
        const values = (rounds.get(`${save} ${name}`) ?? []).map((round) => round[figure])
        const [least, most] = [Math.min(...values), Math.max(...values)]
        return `${show(median(values), digits)} (${show(least, digits)} to ${show(most, digits)})`
      })
      process.stdout.write(`  | ${save}: ${title} | ${cells.join(' | ')} |\n`)
    }
  }
}

async function measure(server: ServerProcess, save: Save): Promise<SaveFigures> {
  const writes = new PacedWrites(server, await RawRespClient.connect(server.port))
  const control = await RawRespClient.connect(server.port)
  const written = writes.run()
  await setTimeout(CALM_MS)
  const calmPauseMs = writes.takeLongestMs()
  const rssBefore = server.rssBytes()
  const startedMs = performance.now()
  await control.send(save.command)
  const changed = change(server, save)
  let rssMost = rssBefore
  let info: string
  do {
    await setTimeout(10)
    rssMost = Math.max(rssMost, server.rssBytes())
    info = await control.send('INFO', 'persistence')
  } while (info.includes(save.isRunning))
  const seconds = (performance.now() - startedMs) / 1_000
  const pauseMs = writes.takeLongestMs()
  if (info.includes(save.hasFailed)) throw new Error(`${save.command} failed: ${server.log()}`)
  writes.isOver = true
  await written
  const changeMs = await changed
  control.close()
  const copied = Number(new RegExp(`^${save.copied}:(\\d+)`, 'm').exec(info)?.[1])
  return {
    calmPauseMs,
    pauseMs,
    changeMs,
    seconds,
    extraMib: (rssMost - rssBefore + copied) / MIB,
  }
}

function addMember(index: number): readonly string[] {
  return ['ZADD', LARGE, `${index}`, `player${index}`]
}

/** By a client of its own; gives how long it waited for the reply. */
async function change(server: ServerProcess, { changesLarge }: Save): Promise<number> {
  if (!changesLarge) return 0
  const client = await RawRespClient.connect(server.port)
  const sentMs = performance.now()
  await client.send('ZINCRBY', LARGE, '1', 'player1')
  client.close()
  return performance.now() - sentMs
}

/**
 * One write after the other, each to another key. What one waits is counted without the time in which server or client
 * had to wait for a processor: that says how busy the machine is.
 */
class PacedWrites {
  readonly #server: ServerProcess
  readonly #client: RawRespClient
  #longestMs = 0
  isOver = false

  constructor(server: ServerProcess, client: RawRespClient) {
    this.#server = server
    this.#client = client
  }

  takeLongestMs(): number {
    const longestMs = this.#longestMs
    this.#longestMs = 0
    return longestMs
  }

  async run(): Promise<void> {
    for (let index = 0; !this.isOver; index = (index + 7_919) % KEYS) {
      const queuedBeforeMs = this.#queuedMs()
      const sentMs = performance.now()
      const reply = await this.#client.send(...setKey(index))
      if (reply !== '+OK\r\n') throw new Error(`a write was answered ${reply}`)
      const waitedMs = performance.now() - sentMs - (this.#queuedMs() - queuedBeforeMs)
      this.#longestMs = Math.max(this.#longestMs, waitedMs)
      await setTimeout(WRITE_INTERVAL_MS)
    }
    this.#client.close()
  }

  #queuedMs(): number {
    return this.#server.queuedMs() + queuedMs('self')
  }
}

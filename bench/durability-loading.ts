import { cpSync } from 'node:fs'
import { RawRespClient } from '../test/support/raw-resp-client.ts'
import { waitUntil } from '../test/support/wait-until.ts'
import { KEYS, PROGRAMS, REDIS, setKey, startDurable, withDirectory } from './durable-servers.ts'
import { median, show } from './medians.ts'
import { pipeCommands } from './pipe-commands.ts'
import { roundCount } from './redis-benchmark-run.ts'
import { onAllCores } from './server-process.ts'

const KINDS = [
  { title: 'RDB', directives: ['--appendonly', 'no'] },
  { title: 'AOF, an increment without a base', directives: ['--appendonly', 'yes'] },
]
/** Both servers word it so. */
const LOADED = /DB loaded from (?:disk|append only file): ([\d.]+) seconds/

/**
 * Loading a million keys at the start, as the servers' logs tell how long it took; the files are redis-server's. Both
 * have all cores: V8 compiles and collects on another.
 */
export async function compareLoading(folder: string): Promise<void> {
  process.stdout.write(
    `  loading: ${KEYS} keys, median of ${roundCount()} rounds\n` +
      '  | file | redis-server s | engine s | ratio of speed |\n  | --- | --- | --- | --- |\n',
  )
  for (const { title, directives } of KINDS) {
    await withDirectory(folder, async (files) => {
      await writeFiles(files, directives)
      const seconds = new Map<string, number[]>(PROGRAMS.map(([name]) => [name, []]))
      for (let round = 0; round < roundCount(); round += 1) {
        for (const [name, program] of PROGRAMS) {
          await withDirectory(folder, async (directory) => {
            cpSync(files, directory, { recursive: true })
            seconds.get(name)?.push(await timeLoading(program, directory, directives))
          })
        }
      }
      const [theirs = [], ours = []] = PROGRAMS.map(([name]) => seconds.get(name))
      const ratio = median(theirs.map((their, round) => their / (ours[round] ?? Number.NaN)))
      const cells = [title, show(median(theirs), 2), show(median(ours), 2), show(ratio, 2)]
      process.stdout.write(`  | ${cells.join(' | ')} |\n`)
    })
  }
}

async function writeFiles(directory: string, directives: readonly string[]): Promise<void> {
  const server = await startDurable(REDIS, directory, directives)
  try {
    await pipeCommands(server.port, setKey, { from: 0, to: KEYS })
    const client = await RawRespClient.connect(server.port)
    const reply = await client.send('SAVE')
    if (reply !== '+OK\r\n') throw new Error(`SAVE was answered ${reply}`)
    client.close()
  } finally {
    await server.stop()
  }
}

async function timeLoading(
  program: (typeof PROGRAMS)[number][1],
  directory: string,
  directives: readonly string[],
): Promise<number> {
  const server = await startDurable(onAllCores(program), directory, directives)
  try {
    await waitUntil(() => LOADED.test(server.log()))
    const client = await RawRespClient.connect(server.port)
    const size = await client.send('DBSIZE')
    if (size !== `:${KEYS}\r\n`) throw new Error(`${size} keys were loaded`)
    client.close()
    return Number(LOADED.exec(server.log())?.[1])
  } finally {
    await server.stop()
  }
}

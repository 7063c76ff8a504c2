import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { replaceFile } from '../shared/replace-file.ts'
import { syncDirectory } from '../shared/sync-directory.ts'

const record = z.strictObject({
  persistence: z.enum(['rdb', 'aof+rdb']),
  appendfsync: z.enum(['always', 'everysec', 'no']),
  /** The gateway was stopped, and all there was is in the files. While it runs, false. */
  isComplete: z.boolean(),
})

/** How the files beside it were written: by it the next start tells what is in them. */
export type RunRecord = Readonly<z.output<typeof record>>

const FILE_NAME = 'gerbang-run.json'

/** `undefined` when there is none that can be read: then nothing is known of the files. */
export function readRunRecord(directory: string): RunRecord | undefined {
  try {
    return record.parse(JSON.parse(readFileSync(join(directory, FILE_NAME), 'utf8')))
  } catch {
    return undefined
  }
}

/** On the disk when it returns. Throws when that refuses. */
export function writeRunRecord(directory: string, run: RunRecord): void {
  replaceFile(join(directory, FILE_NAME), `${JSON.stringify(run)}\n`)
}

/** What a disk lets one do that takes nothing more. Throws when it does not. */
export function removeRunRecord(directory: string): void {
  rmSync(join(directory, FILE_NAME), { force: true })
  syncDirectory(directory)
}

/**
 * Why what comes back may be older than what was answered last; `undefined` when it is not. Of a crash only a log keeps
 * everything that was flushed before each answer.
 */
export function doubtOf(last: RunRecord | undefined): string | undefined {
  if (last === undefined) return 'nothing tells how the files were written'
  if (last.isComplete) return undefined
  if (last.persistence === 'aof+rdb' && last.appendfsync === 'always') return undefined
  return 'the gateway was not stopped, but ended before it had written everything'
}

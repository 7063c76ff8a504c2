import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { replaceFile } from '../shared/replace-file.ts'
import { syncDirectory } from '../shared/sync-directory.ts'

const record = z.strictObject({
  persistence: z.enum(['rdb', 'aof+rdb']),
  /** Whenever the next start finds it so, all that was ever answered is in the files. */
  isComplete: z.boolean(),
})

/** How the files beside it were written, and what they hold: for the next start. */
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
  const path = join(directory, FILE_NAME)
  if (!existsSync(path)) return
  rmSync(path)
  syncDirectory(directory)
}

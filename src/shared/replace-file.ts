import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { syncDirectory } from './sync-directory.ts'

/** Of a file that was not there: it may hold passwords. */
const MODE = 0o600
const PERMISSIONS = 0o777

/**
 * Puts a file in the place of the old one, whole or not at all: written aside, synced, renamed. `text` is one
 * character per byte; who may read the file stays as it was. Throws what the file system says.
 */
export function replaceFile(path: string, text: string): void {
  const aside = `${path}.rewriting`
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? MODE
  try {
    writeAndSync(aside, text, mode & PERMISSIONS)
    renameSync(aside, path)
    syncDirectory(dirname(path))
  } catch (error) {
    rmSync(aside, { force: true })
    throw error
  }
}

function writeAndSync(path: string, text: string, mode: number): void {
  const file = openSync(path, 'w', mode)
  try {
    writeSync(file, Buffer.from(text, 'latin1'))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { rewriteConf } from './rewrite.ts'
import type { RuntimeConfig } from './runtime-config.ts'

const MODE = 0o644

export interface RewriteFileOptions {
  readonly path: string
  readonly config: RuntimeConfig
  /** What stands behind `user`, a line each; absent when users are in a file of their own. */
  readonly users: readonly string[] | undefined
}

/**
 * Puts the file with the values of now in the place of the old one, whole or not at all: written aside, synced,
 * renamed. Throws what the file system says.
 */
export function rewriteConfFile({ path, config, users }: RewriteFileOptions): void {
  const text = rewriteConf({
    text: readIfThere(path),
    find: (name) => config.find(name),
    directives: config.directives,
    value: (name) => config.value(name),
    users,
  })
  const aside = `${path}.rewriting`
  try {
    writeAndSync(aside, text)
    renameSync(aside, path)
    syncDirectory(dirname(path))
  } catch (error) {
    rmSync(aside, { force: true })
    throw error
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}

function writeAndSync(path: string, text: string): void {
  const file = openSync(path, 'w', MODE)
  try {
    writeSync(file, Buffer.from(text, 'latin1'))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** So that the new name survives a crash, too. */
function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

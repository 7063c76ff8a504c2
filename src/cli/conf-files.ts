import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { ConfFiles } from '../engine/index.ts'
import { matchesGlob } from '../shared/glob.ts'

const STANDARD_INPUT = 0

/** Configuration files as they lie on the disk. One character stands for one byte. */
export const confFiles: ConfFiles = {
  read: (path) => readFileSync(path, 'latin1'),
  glob: (pattern) => {
    const directory = dirname(pattern)
    return readNames(directory)
      .filter((name) => matchesGlob(basename(pattern), name))
      .sort()
      .map((name) => join(directory, name))
  },
  standardInput: () => readFileSync(STANDARD_INPUT, 'latin1'),
}

/** A directory that is not there has no files. */
function readNames(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

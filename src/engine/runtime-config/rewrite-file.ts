import { readFileSync } from 'node:fs'
import { replaceFile } from '../../shared/replace-file.ts'
import { rewriteConf } from './rewrite.ts'
import type { RuntimeConfig } from './runtime-config.ts'

export interface RewriteFileOptions {
  readonly path: string
  readonly config: RuntimeConfig
  /** What stands behind `user`, a line each; absent when users are in a file of their own. */
  readonly users: readonly string[] | undefined
  /** Default values get a line, too. */
  readonly isWhole: boolean
}

/** Puts the file with the values of now in the place of the old one. Throws what the file system says. */
export function rewriteConfFile({ path, config, users, isWhole }: RewriteFileOptions): void {
  const text = rewriteConf({
    text: readIfThere(path),
    find: (name) => config.find(name),
    directives: config.directives,
    value: (name) => config.value(name),
    users,
    isWhole,
  })
  replaceFile(path, text)
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}

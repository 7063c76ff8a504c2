import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Program, ServerProcess } from './server-process.ts'
import { startServer } from './start-server.ts'

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
export const KEYS = 1_000_000
const VALUE_BYTES = 100

export const REDIS: Program = ['redis-server', []]
export const ENGINE: Program = [process.execPath, [MAIN, 'engine']]
/** In the order of their columns. */
export const PROGRAMS = [
  ['redis-server', REDIS],
  ['engine', ENGINE],
] as const

/** A server whose files are in `directory`; nothing is saved or rewritten unless it is asked for. */
export function startDurable(
  [command, args]: Program,
  directory: string,
  directives: readonly string[],
): Promise<ServerProcess> {
  const quiet = ['--save', '', '--auto-aof-rewrite-percentage', '0']
  return startServer(command, [...args, '--dir', directory, ...quiet, ...directives])
}

/** Runs `use` with a directory of its own, which goes with it. */
export async function withDirectory<Result>(
  parent: string,
  use: (directory: string) => Promise<Result>,
): Promise<Result> {
  const directory = mkdtempSync(join(parent, 'server-'))
  try {
    return await use(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Of 10 bytes, with values of 100 that compress as documents do. */
export function setKey(index: number): readonly string[] {
  const key = String(index).padStart(10, '0')
  const document = `{"id":"${key}","name":"name ${(index * 7_919) % 10_007}","score":${(index * 31) % 977}`
  return ['SET', key, document.padEnd(VALUE_BYTES, ',"tag":null')]
}

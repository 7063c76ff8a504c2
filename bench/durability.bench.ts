import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compareLoading } from './durability-loading.ts'
import { compareSnapshots } from './durability-snapshots.ts'
import { compareWriting } from './durability-writing.ts'
import { describeMachine } from './machine.ts'

const PARTS = { writing: compareWriting, snapshots: compareSnapshots, loading: compareLoading }
/** On the repository's disk: what is in memory only is durable at no cost. */
const CACHE = fileURLToPath(new URL('../.cache', import.meta.url))

/**
 * What durability costs, beside redis-server with the same settings on the same disk: writes with the log, snapshots
 * and rewrites amid light writes, loading at the start. GERBANG_BENCH_PARTS names some of the parts.
 */
export async function durabilityBench(): Promise<void> {
  mkdirSync(CACHE, { recursive: true })
  const folder = mkdtempSync(join(CACHE, 'bench-'))
  process.stdout.write(`durability: files on ${fileSystemOf(folder)}\n  ${describeMachine()}\n`)
  const chosen = process.env['GERBANG_BENCH_PARTS']?.split(',')
  try {
    for (const [name, compare] of Object.entries(PARTS)) {
      if (chosen === undefined || chosen.includes(name)) await compare(folder)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function fileSystemOf(folder: string): string {
  const lines = execFileSync('df', ['-T', folder], { encoding: 'utf8' }).trim().split('\n')
  return lines.at(-1)?.split(/\s+/)[1] ?? 'an unknown file system'
}

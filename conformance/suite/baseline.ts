import { readFileSync } from 'node:fs'

/** Against a server that listens already, or servers that the suite starts by itself, from files of its own. */
export type SuiteMode = 'external' | 'spawn'

const FILES: Readonly<Record<SuiteMode, string>> = {
  external: './baseline-7.0.15.tsv',
  spawn: './baseline-7.0.15-spawn.tsv',
}

/** Of what only servers of its own show: files, replicas, users, how a server starts and ends. */
const SPAWN_UNITS: readonly string[] = [
  'integration/replication',
  'integration/replication-2',
  'integration/replication-3',
  'integration/replication-4',
  'integration/replication-psync',
  'integration/psync2',
  'integration/psync2-reg',
  'integration/psync2-pingoff',
  'integration/block-repl',
  'integration/failover',
  'integration/aof',
  'integration/aof-multi-part',
  'integration/rdb',
  'integration/shutdown',
  'unit/wait',
  'unit/maxmemory',
  'unit/acl',
  'unit/acl-v2',
  'unit/auth',
  'unit/info',
  'unit/introspection',
  'unit/shutdown',
  'unit/client-eviction',
  'unit/obuf-limits',
]

/** How many tests of each unit redis-server 7.0.15 passes, in the suite's order. */
export function readBaseline(mode: SuiteMode = 'external'): ReadonlyMap<string, number> {
  const text = readFileSync(new URL(FILES[mode], import.meta.url), 'utf8')
  const rows = text.trim().split('\n')
  return new Map(
    rows.map((row): [string, number] => {
      const [unit = '', passed] = row.split('\t')
      return [unit, Number(passed)]
    }),
  )
}

/** Those to run when none are named: all that hold anything to pass, or that need servers of their own. */
export function unitsToRun(
  mode: SuiteMode,
  baseline: ReadonlyMap<string, number>,
): readonly string[] {
  if (mode === 'spawn') return SPAWN_UNITS
  return [...baseline].filter(([, passed]) => passed > 0).map(([unit]) => unit)
}

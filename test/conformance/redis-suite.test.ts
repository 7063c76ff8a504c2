import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { knownIn, skippedIn } from '../../conformance/known-differences.ts'
import { readBaseline } from '../../conformance/suite/baseline.ts'
import { judge } from '../../conformance/suite/judge.ts'
import { presentRedisSource, redisSource } from '../../conformance/suite/redis-source.ts'
import { runUnit } from '../../conformance/suite/run-unit.ts'
import { createWorkspace, type Workspace } from '../../conformance/suite/workspace.ts'
import { findTool, requireToolInCi } from '../support/tools.ts'

requireToolInCi('tclsh')
const isCi = process.env['CI'] !== undefined
const canRun = findTool('tclsh') !== undefined && (isCi || presentRedisSource() !== undefined)

/** Those that take seconds; `npm run conformance` runs all. */
const UNITS = [
  'unit/protocol',
  'unit/keyspace',
  'unit/info-command',
  'unit/type/string',
  'unit/type/incr',
  'unit/type/list',
  'unit/type/set',
  'unit/type/zset',
  'unit/type/hash',
  'unit/type/stream',
  'unit/type/stream-cgroups',
  'unit/sort',
  'unit/expire',
  'unit/multi',
  'unit/pubsub',
  'unit/slowlog',
  'unit/scripting',
  'unit/functions',
  'unit/introspection',
  'unit/introspection-2',
  'unit/tracking',
]
/** The same of those that start servers by themselves. */
const SPAWN_UNITS = ['unit/auth', 'unit/shutdown', 'unit/info', 'integration/block-repl']
const UNIT_MS_MAX = 240_000

describe.skipIf(!canRun)('the suite of Redis 7.0.15', () => {
  let workspace: Workspace

  beforeAll(() => {
    workspace = createWorkspace(redisSource())
  }, 120_000)
  afterAll(() => workspace?.remove())

  // Twice: some of its tests measure time, and fail on a busy machine.
  it.each([
    ...UNITS.map((unit) => ['external', unit] as const),
    ...SPAWN_UNITS.map((unit) => ['spawn', unit] as const),
  ])(
    'passes but for what docs/CONFORMANCE.md lists: %s %s',
    { timeout: UNIT_MS_MAX, retry: 1 },
    async (mode, unit) => {
      const skipped = skippedIn(unit, mode)
      const result = await runUnit(workspace, unit, { mode, skipped })
      const wanted = readBaseline(mode).get(unit) ?? 0
      const { unexplained } = judge(result, wanted, knownIn(unit, mode), skipped)
      expect(unexplained).toEqual([])
    },
  )
})

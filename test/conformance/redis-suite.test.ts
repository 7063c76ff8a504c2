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
const UNIT_MS_MAX = 240_000

describe.skipIf(!canRun)('the suite of Redis 7.0.15', () => {
  const baseline = readBaseline()
  let workspace: Workspace

  beforeAll(() => {
    workspace = createWorkspace(redisSource())
  }, 120_000)
  afterAll(() => workspace?.remove())

  // Twice: some of its tests measure time, and fail on a busy machine.
  it.each(UNITS)(
    'passes but for what docs/CONFORMANCE.md lists: %s',
    { timeout: UNIT_MS_MAX, retry: 1 },
    async (unit) => {
      const skipped = skippedIn(unit)
      const result = await runUnit(workspace, unit, skipped)
      const { unexplained } = judge(result, baseline.get(unit) ?? 0, knownIn(unit), skipped)
      expect(unexplained).toEqual([])
    },
  )
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type ServerProcess, startEngine } from '../server-process.ts'
import { type FailedTest, hasStarted, parseUnitLog, type UnitLog } from './unit-log.ts'
import type { Workspace } from './workspace.ts'

/** Seconds without any progress, after which the suite gives up the running test. */
const STALL_S = 120
const UNIT_MS_MAX = 600_000
/** How often a unit is run again: without the test that hung, or because the suite did not start. */
const RETRIES_MAX = 5

/** Asks for the server's process id, which is not known of an external server, and leaves settings behind as it fails. */
const NEVER = ['SRANDMEMBER with a dict containing long chain']

export interface UnitResult {
  readonly unit: string
  readonly passed: number
  readonly ignored: number
  readonly failed: readonly FailedTest[]
  /** Tests that had to be left out since they never ended. */
  readonly hung: readonly string[]
  /** Why the unit, or the server, did not come to its end. */
  readonly broken: string | undefined
  readonly seconds: number
  readonly log: string
}

/** Runs one unit of the suite against an engine of its own, without the tests in `skipped`. */
export async function runUnit(
  workspace: Workspace,
  unit: string,
  skipped: readonly string[] = [],
): Promise<UnitResult> {
  const startMs = performance.now()
  const hung: string[] = []
  for (let attempt = 0; ; attempt += 1) {
    const { log, text, broken } = await runOnce(workspace, unit, [...NEVER, ...skipped, ...hung])
    const isLast = attempt === RETRIES_MAX
    if (!hasStarted(text) && !isLast) continue
    if (log.stalledIn !== undefined && log.stalledIn !== '') {
      hung.push(log.stalledIn)
      if (!isLast) continue
    }
    return {
      unit,
      passed: log.passed.length,
      ignored: log.ignored,
      failed: log.failed,
      hung,
      broken,
      seconds: Math.round((performance.now() - startMs) / 1_000),
      log: text,
    }
  }
}

interface Attempt {
  readonly log: UnitLog
  readonly text: string
  readonly broken: string | undefined
}

async function runOnce(
  workspace: Workspace,
  unit: string,
  skipped: readonly string[],
): Promise<Attempt> {
  const engine = await startEngine(['--enable-debug-command', 'yes'])
  try {
    const { text, isLate } = await runSuite(workspace, unit, skipped, engine)
    const log = parseUnitLog(text)
    const isAlive = await engine.answers()
    const broken = whyBroken({ log, isLate, isAlive, hasBegun: hasStarted(text) })
    return { log, text: `${text}\n--- engine ---\n${engine.log()}`, broken }
  } finally {
    await engine.stop()
  }
}

async function runSuite(
  workspace: Workspace,
  unit: string,
  skipped: readonly string[],
  engine: ServerProcess,
): Promise<{ readonly text: string; readonly isLate: boolean }> {
  const skips = skipped.flatMap((name) => ['--skiptest', name])
  const mode = `--durable --no-latency --timeout ${STALL_S} --clients 1 --host 127.0.0.1`.split(' ')
  // The suite's own listener sits 32 below its base port: another base for each run, so that runs cannot meet.
  const ports = `--port ${engine.port} --baseport ${14_000 + (engine.port % 8_000)} --portcount 300`
  const args = [workspace.script, '--single', unit, ...mode, ...ports.split(' '), ...skips]
  // A process group of its own, since the suite starts more processes.
  const child = spawn('tclsh', args, {
    cwd: workspace.folder,
    env: { ...process.env, TERM: 'dumb' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
    })
  }
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }, UNIT_MS_MAX)
  await once(child, 'close')
  clearTimeout(timer)
  return { text, isLate }
}

function whyBroken(seen: {
  readonly log: UnitLog
  readonly isLate: boolean
  readonly isAlive: boolean
  readonly hasBegun: boolean
}): string | undefined {
  if (!seen.isAlive) return 'the engine does not answer any more'
  if (!seen.hasBegun) return 'the suite did not start'
  if (seen.isLate) return `not done after ${UNIT_MS_MAX / 1_000} s`
  if (seen.log.exception !== undefined) return seen.log.exception
  if (seen.log.stalledIn !== undefined) return `stalled in ${seen.log.stalledIn}`
  return seen.log.isDone ? undefined : 'cut short'
}

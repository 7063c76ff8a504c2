import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { freePort } from '../../test/support/free-port.ts'
import { type ServerProcess, startEngine } from '../server-process.ts'
import type { SuiteMode } from './baseline.ts'
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

export interface UnitOptions {
  readonly mode: SuiteMode
  /** Names of tests that are left out. */
  readonly skipped?: readonly string[]
}

/** Runs one unit of the suite, against an engine of its own or those that it starts. */
export async function runUnit(
  workspace: Workspace,
  unit: string,
  { mode, skipped = [] }: UnitOptions,
): Promise<UnitResult> {
  const startMs = performance.now()
  const hung: string[] = []
  for (let attempt = 0; ; attempt += 1) {
    const call = { workspace, unit, skipped: [...skipped, ...hung] }
    const { log, text, broken } =
      mode === 'external' ? await runAgainstEngine(call) : await runOnce(call)
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

interface SuiteCall {
  readonly workspace: Workspace
  readonly unit: string
  readonly skipped: readonly string[]
}

interface Attempt {
  readonly log: UnitLog
  readonly text: string
  readonly broken: string | undefined
}

async function runAgainstEngine(call: SuiteCall): Promise<Attempt> {
  const engine = await startEngine(['--enable-debug-command', 'yes'])
  try {
    const skipped = [...NEVER, ...call.skipped]
    const attempt = await runOnce({ ...call, skipped }, engine)
    const broken = (await engine.answers()) ? attempt.broken : 'the engine does not answer any more'
    return { ...attempt, broken, text: `${attempt.text}\n--- engine ---\n${engine.log()}` }
  } finally {
    await engine.stop()
  }
}

/** Without an engine the suite starts servers by itself. */
async function runOnce(call: SuiteCall, engine?: ServerProcess): Promise<Attempt> {
  const { text, isLate } = await runSuite(call, engine)
  const log = parseUnitLog(text)
  return { log, text, broken: whyBroken({ log, isLate, hasBegun: hasStarted(text) }) }
}

async function runSuite(
  { workspace, unit, skipped }: SuiteCall,
  engine: ServerProcess | undefined,
): Promise<{ readonly text: string; readonly isLate: boolean }> {
  const skips = skipped.flatMap((name) => ['--skiptest', name])
  const mode = `--durable --no-latency --timeout ${STALL_S} --clients 1`.split(' ')
  const server = engine === undefined ? [] : ['--host', '127.0.0.1', '--port', `${engine.port}`]
  // The suite's own listener sits 32 below its base port: another base for each run, so that runs cannot meet.
  const base = 14_000 + ((engine?.port ?? (await freePort())) % 8_000)
  const ports = ['--baseport', `${base}`, '--portcount', '300']
  const args = [workspace.script, '--single', unit, ...mode, ...server, ...ports, ...skips]
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
    endGroup(child.pid)
  }, UNIT_MS_MAX)
  // Servers that a unit which was cut short has left behind.
  child.once('exit', () => endGroup(child.pid))
  await once(child, 'close')
  clearTimeout(timer)
  return { text, isLate }
}

function endGroup(leader: number | undefined): void {
  if (leader === undefined) return
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // Nobody is left of it.
  }
}

function whyBroken(seen: {
  readonly log: UnitLog
  readonly isLate: boolean
  readonly hasBegun: boolean
}): string | undefined {
  if (!seen.hasBegun) return 'the suite did not start'
  if (seen.isLate) return `not done after ${UNIT_MS_MAX / 1_000} s`
  if (seen.log.exception !== undefined) return seen.log.exception
  if (seen.log.stalledIn !== undefined) return `stalled in ${seen.log.stalledIn}`
  return seen.log.isDone ? undefined : 'cut short'
}

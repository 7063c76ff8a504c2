import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { knownIn, skippedIn } from '../known-differences.ts'
import { readBaseline, type SuiteMode, unitsToRun } from './baseline.ts'
import { judge, type Verdict } from './judge.ts'
import { redisSource } from './redis-source.ts'
import { runUnit, type UnitResult } from './run-unit.ts'
import { createWorkspace } from './workspace.ts'

export interface SuiteOptions {
  readonly mode: SuiteMode
  /** Those of `unitsToRun` when there are none. */
  readonly units: readonly string[]
  /** Where the output of each unit goes. */
  readonly logFolder?: string | undefined
  readonly print: (line: string) => void
}

/** Runs Redis' own suite against the engine; true when nothing is missing but what is known. */
export async function runSuite({ mode, units, logFolder, print }: SuiteOptions): Promise<boolean> {
  const baseline = readBaseline(mode)
  const unknown = units.filter((unit) => !baseline.has(unit))
  if (unknown.length > 0) throw new Error(`no unit ${unknown.join(', ')}`)
  const workspace = createWorkspace(redisSource())
  const total = { passed: 0, wanted: 0, known: 0, unexplained: 0 }
  try {
    for (const unit of units.length > 0 ? units : unitsToRun(mode, baseline)) {
      const skipped = skippedIn(unit, mode)
      const result = await runUnit(workspace, unit, { mode, skipped })
      const wanted = baseline.get(unit) ?? 0
      const known = knownIn(unit, mode)
      const verdict = judge(result, wanted, known, skipped)
      print(lineOf(result, wanted, verdict))
      for (const told of verdict.unexplained) print(`    ${told.slice(0, 300)}`)
      for (const name of verdict.outdated) print(`    passes, though known to differ: ${name}`)
      if (logFolder !== undefined) keepLog(logFolder, result)
      total.passed += result.passed
      total.wanted += wanted
      total.known += known.length
      total.unexplained += verdict.unexplained.length
    }
  } finally {
    workspace.remove()
  }
  print(
    `${total.passed} of ${total.wanted} pass, ${total.known} known differences, ${total.unexplained} unexplained`,
  )
  return total.unexplained === 0
}

function lineOf(result: UnitResult, wanted: number, { unexplained }: Verdict): string {
  const counts = `${result.passed}/${wanted}`.padStart(8)
  const hung = result.hung.length > 0 ? `, ${result.hung.length} hung` : ''
  const state = unexplained.length === 0 ? 'ok' : `${unexplained.length} unexplained${hung}`
  return `${result.unit.padEnd(32)} ${counts} ${`${result.seconds} s`.padStart(6)}  ${state}`
}

function keepLog(folder: string, { unit, log }: UnitResult): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${unit.replaceAll('/', '_')}.log`), log, 'latin1')
}

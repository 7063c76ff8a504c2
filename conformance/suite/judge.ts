import type { UnitResult } from './run-unit.ts'

export interface Verdict {
  /** What redis-server passes and the engine does not, and nobody has told why; empty when all is well. */
  readonly unexplained: readonly string[]
  /** Tests with a reason why they fail which pass. */
  readonly outdated: readonly string[]
}

/** Compares a run of a unit with what redis-server passes and with the differences that are known. */
export function judge(
  result: UnitResult,
  baseline: number,
  known: readonly string[],
  skipped: readonly string[] = [],
): Verdict {
  const failed = new Map(result.failed.map(({ name, detail }) => [name, detail]))
  for (const name of result.hung) failed.set(name, 'never ended')
  const unexplained = [...failed]
    .filter(([name]) => !known.includes(name))
    .map(([name, detail]) => `${name}: ${detail}`)
  const left = skipped.filter((name) => !failed.has(name))
  const explained = known.filter((name) => failed.has(name) || left.includes(name))
  // By number, since some names are there twice.
  const told = result.passed + result.failed.length + result.hung.length + left.length
  const lost = baseline - told
  if (result.broken !== undefined) unexplained.push(result.broken)
  if (lost > 0) unexplained.push(`${lost} tests did not run`)
  const outdated =
    result.broken === undefined ? known.filter((name) => !explained.includes(name)) : []
  return { unexplained, outdated }
}

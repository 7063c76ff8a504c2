import { readFileSync } from 'node:fs'

/** How many tests of each unit redis-server 7.0.15 passes as an external server, in the suite's order. */
export function readBaseline(): ReadonlyMap<string, number> {
  const text = readFileSync(new URL('./baseline-7.0.15.tsv', import.meta.url), 'utf8')
  const rows = text.trim().split('\n')
  return new Map(
    rows.map((row): [string, number] => {
      const [unit = '', passed] = row.split('\t')
      return [unit, Number(passed)]
    }),
  )
}

/** The units that hold anything to pass: the tests of all others start servers of their own. */
export function unitsToRun(baseline: ReadonlyMap<string, number>): readonly string[] {
  return [...baseline].filter(([, passed]) => passed > 0).map(([unit]) => unit)
}

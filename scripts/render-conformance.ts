import { KNOWN_DIFFERENCES, type KnownDifference } from '../conformance/known-differences.ts'
import { readBaseline } from '../conformance/suite/baseline.ts'

const HEADINGS: Readonly<Record<KnownDifference['kind'], string>> = {
  'not built': 'Not built',
  deliberate: 'Deliberately different',
}

/** docs/CONFORMANCE.md */
export function renderConformanceDocs(): string {
  const wanted = [...readBaseline().values()].reduce((sum, passed) => sum + passed, 0)

  return `${[
    '# Conformance',
    '',
    'What of Redis’ own test suite the engine does not pass, and why. Made from the table in',
    '`conformance/known-differences.ts` by `npm run docs`; edit that.',
    '',
    `\`npm run conformance\` runs the suite of Redis 7.0.15 against \`gerbang engine\`: redis-server passes ${wanted} of its`,
    'tests as an external server, the engine all but those below. A test that fails and is not listed here fails the run,',
    'and CI runs a part of it. More: [conformance/](../conformance/README.md).',
    ...Object.entries(HEADINGS).flatMap(([kind, heading]) => section(kind, heading)),
  ].join('\n')}\n`
}

function section(kind: string, heading: string): readonly string[] {
  const differences = KNOWN_DIFFERENCES.filter((difference) => difference.kind === kind)
  if (differences.length === 0) return []
  return ['', `## ${heading}`, ...differences.flatMap(entry)]
}

function entry({ reason, tests }: KnownDifference): readonly string[] {
  const lines = Object.entries(tests).flatMap(([unit, names]) =>
    names.map((name) => `- \`${unit}\`: ${name.replaceAll(/[<>*_|]/g, '\\$&')}`),
  )
  return ['', reason, '', ...lines]
}

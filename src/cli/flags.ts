import { parseArgs } from 'node:util'
import { nearestName } from '../shared/nearest-name.ts'
import { UsageError } from './usage-error.ts'

export interface FlagSpec {
  readonly name: string
  /** What stands for the value in the help: `PORT`. */
  readonly value: string
  readonly doc: string
}

/** The flags in `argv` by name, all of which take a value. Anything else is refused. */
export function parseFlags(
  argv: readonly string[],
  specs: readonly FlagSpec[],
): ReadonlyMap<string, string> {
  const names = specs.map((spec) => spec.name)
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
  // Not strict: its messages know nothing of the nearest flag. The tokens are judged here instead.
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true })
  const flags = new Map<string, string>()
  for (const token of tokens) {
    if (token.kind === 'positional') throw new UsageError(`unexpected argument "${token.value}"`)
    if (token.kind !== 'option') continue
    if (!names.includes(token.name)) throw new UsageError(unknownFlag(token.rawName, names))
    if (token.value === undefined || token.value === '') {
      throw new UsageError(`${token.rawName} needs a value`)
    }
    if (flags.has(token.name)) throw new UsageError(`${token.rawName} is given twice`)
    flags.set(token.name, token.value)
  }
  return flags
}

/** The flags as lines of a help text. */
export function describeFlags(specs: readonly FlagSpec[]): string {
  const heads = specs.map((spec) => `--${spec.name} ${spec.value}`)
  const width = Math.max(...heads.map((head) => head.length))
  return specs
    .map((spec, index) => `  ${(heads[index] ?? '').padEnd(width)}  ${spec.doc}`)
    .join('\n')
}

function unknownFlag(rawName: string, names: readonly string[]): string {
  const meant = nearestName(rawName.replace(/^-+/, ''), names)
  return `unknown flag ${rawName}${meant === undefined ? '' : `; did you mean --${meant}?`}`
}

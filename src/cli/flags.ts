import { parseArgs } from 'node:util'
import { nearestName } from '../shared/nearest-name.ts'
import { UsageError } from './usage-error.ts'

export interface FlagSpec {
  readonly name: string
  /** What stands for the value in the help: `PORT`. Without it the flag is a switch. */
  readonly value?: string
  /** It may be given several times: see `repeatedValues`. */
  readonly isRepeatable?: boolean
  readonly doc: string
}

/** The flags in `argv` by name; a switch that is there has the value `true`. Anything else is refused. */
export function parseFlags(
  argv: readonly string[],
  specs: readonly FlagSpec[],
): ReadonlyMap<string, string> {
  const names = specs.map((spec) => spec.name)
  const switches = specs.filter(({ value }) => value === undefined).map(({ name }) => name)
  const options = Object.fromEntries(
    names.map((name) => [name, { type: switches.includes(name) ? 'boolean' : 'string' } as const]),
  )
  // Not strict: its messages know nothing of the nearest flag. The tokens are judged here instead.
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true })
  const repeatable = new Set(specs.flatMap((spec) => (spec.isRepeatable ? [spec.name] : [])))
  const flags = new Map<string, string>()
  for (const token of tokens) {
    if (token.kind === 'positional') throw new UsageError(`unexpected argument "${token.value}"`)
    if (token.kind !== 'option') continue
    if (!names.includes(token.name)) throw new UsageError(unknownFlag(token.rawName, names))
    const earlier = flags.get(token.name)
    if (earlier !== undefined && !repeatable.has(token.name)) {
      throw new UsageError(`${token.rawName} is given twice`)
    }
    const value = valueOf(token, switches.includes(token.name))
    flags.set(token.name, earlier === undefined ? value : earlier + SEPARATOR + value)
  }
  return flags
}

/** No argument of a process has it. */
const SEPARATOR = '\0'

/** The values of a repeatable flag, in their order; none for a flag that was not given. */
export function repeatedValues(value: string | undefined): readonly string[] {
  return value === undefined ? [] : value.split(SEPARATOR)
}

function valueOf(
  { rawName, value }: { readonly rawName: string; readonly value: string | undefined },
  isSwitch: boolean,
): string {
  if (isSwitch) {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value`)
    return 'true'
  }
  if (value === undefined || value === '') throw new UsageError(`${rawName} needs a value`)
  return value
}

/** The flags as lines of a help text. */
export function describeFlags(specs: readonly FlagSpec[]): string {
  const heads = specs.map(({ name, value }) =>
    value === undefined ? `--${name}` : `--${name} ${value}`,
  )
  const width = Math.max(...heads.map((head) => head.length))
  return specs
    .map((spec, index) => `  ${(heads[index] ?? '').padEnd(width)}  ${spec.doc}`)
    .join('\n')
}

function unknownFlag(rawName: string, names: readonly string[]): string {
  const meant = nearestName(rawName.replace(/^-+/, ''), names)
  return `unknown flag ${rawName}${meant === undefined ? '' : `; did you mean --${meant}?`}`
}

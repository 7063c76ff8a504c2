import { splitArguments } from '../protocol/inline-arguments.ts'
import { DirectiveError } from './runtime-config.ts'

const INCLUDE_DEPTH_MAX = 16

export type ReadFile = (path: string) => string

/**
 * The directives that redis-server's own command line means: `[redis.conf] [--directive value …]…`.
 * A later one wins. Throws a DirectiveError that names file and line.
 */
export function parseServerArguments(
  argv: readonly string[],
  readFile: ReadFile,
): ReadonlyMap<string, string> {
  const directives = new Map<string, string>()
  const [first] = argv
  const hasFile = first !== undefined && !first.startsWith('--')
  if (hasFile) readConf(first, readFile, directives, 0)
  for (let index = hasFile ? 1 : 0; index < argv.length; ) {
    const name = argv[index] ?? ''
    if (!name.startsWith('--')) throw new DirectiveError(`'${name}': a directive starts with --`)
    let end = index + 1
    while (end < argv.length && !(argv[end] ?? '').startsWith('--')) end += 1
    directives.set(name.slice(2).toLowerCase(), argv.slice(index + 1, end).join(' '))
    index = end
  }
  return directives
}

/** One file in the grammar of redis.conf: a directive a line, quoting as in redis-cli, `include`. */
function readConf(
  path: string,
  readFile: ReadFile,
  directives: Map<string, string>,
  depth: number,
): void {
  if (depth > INCLUDE_DEPTH_MAX) throw new DirectiveError(`${path}: files include each other`)
  for (const [index, text] of readFile(path).split('\n').entries()) {
    const line = text.trim()
    if (line === '' || line.startsWith('#')) continue
    const words = splitArguments(line)
    const [name, ...values] = words ?? []
    if (name === undefined || values.length === 0) {
      throw new DirectiveError(`${path}:${index + 1}: Unbalanced quotes or no value in '${line}'`)
    }
    if (name.toLowerCase() === 'include') {
      readConf(values.join(' '), readFile, directives, depth + 1)
    } else {
      directives.set(name.toLowerCase(), values.join(' '))
    }
  }
}

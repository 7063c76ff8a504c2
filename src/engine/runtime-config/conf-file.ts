import { splitArguments } from '../protocol/inline-arguments.ts'
import { DirectiveError, type DirectiveLine } from './directive-line.ts'
import { bytesOfText, textOfBytes } from './text-bytes.ts'

const INCLUDE_DEPTH_MAX = 16
const GLOB = /[*?[]/

/** What a configuration is read from. */
export interface ConfFiles {
  /** The whole text; throws when there is no such file. */
  readonly read: (path: string) => string
  /** The files that a pattern with `*`, `?` or `[` means, in order; none is no error. */
  readonly glob: (pattern: string) => readonly string[]
  /** What is piped in, for the argument `-`. */
  readonly standardInput: () => string
}

/** All that redis.conf and the command line said. */
export interface ServerConfiguration {
  /** The file that CONFIG REWRITE writes to. */
  readonly path: string | undefined
  readonly directives: readonly DirectiveLine[]
  /** `user` lines: name and rules. */
  readonly users: readonly DirectiveLine[]
  /** `rename-command` lines: name, and the new one or nothing. */
  readonly renamedCommands: readonly DirectiveLine[]
}

/**
 * What redis-server's own command line means: `[redis.conf] [-] [--directive value …]…`. Later lines win.
 * Throws a DirectiveError that names file and line.
 */
export function readConfiguration(argv: readonly string[], files: ConfFiles): ServerConfiguration {
  const reader = new ConfReader(files)
  const [first = '-'] = argv
  const path = first.startsWith('-') ? undefined : first
  let at = path === undefined ? 0 : 1
  if (path !== undefined) reader.readFile(path, 0)
  if (argv[at] === '-') {
    reader.readText(files.standardInput(), 'standard input', 0)
    at += 1
  }
  reader.readOptions(argv.slice(at))
  return { path, ...reader.result }
}

class ConfReader {
  readonly #files: ConfFiles
  readonly result = {
    directives: [] as DirectiveLine[],
    users: [] as DirectiveLine[],
    renamedCommands: [] as DirectiveLine[],
  }

  constructor(files: ConfFiles) {
    this.#files = files
  }

  readFile(path: string, depth: number): void {
    if (depth > INCLUDE_DEPTH_MAX) throw new DirectiveError(`${path}: files include each other`)
    for (const each of GLOB.test(path) ? this.#files.glob(path) : [path]) {
      this.readText(this.#read(each), each, depth)
    }
  }

  /** A directive a line, quoting as in redis-cli, `include`. */
  readText(text: string, file: string, depth: number): void {
    for (const [index, line] of text.split('\n').entries()) {
      const trimmed = line.trim()
      if (trimmed === '' || trimmed.startsWith('#')) continue
      const place = { file, line: index + 1, text: trimmed }
      const words = splitArguments(trimmed)
      if (words === undefined) {
        throw new DirectiveError('Unbalanced quotes in configuration line', place)
      }
      const [name = '', ...values] = words
      if (name.toLowerCase() === 'include' && values.length === 1) {
        this.readFile(values[0] ?? '', depth + 1)
      } else {
        this.#take({ name: name.toLowerCase(), words: values, place })
      }
    }
  }

  /**
   * `--name value …`, once or more, as redis-server takes them (server.c, main): what follows a name is its value, even
   * when it begins with `--`; name and value may be one argument.
   */
  readOptions(argv: readonly string[]): void {
    let words: string[] = []
    let mayBeName = true
    const end = (): void => {
      const [name, ...values] = words
      if (name !== undefined)
        this.#take({ name: name.toLowerCase(), words: values, place: undefined })
      words = []
    }
    for (const [index, argument] of argv.entries()) {
      if (!mayBeName || !argument.startsWith('--')) {
        words.push(argument)
        mayBeName = true
        continue
      }
      end()
      words = splitArguments(argument.slice(2)) ?? [argument.slice(2)]
      const next = argv[index + 1]
      // `--save` without anything means none.
      const isEmptySave =
        argument.toLowerCase() === '--save' && (next === undefined || next.startsWith('--'))
      if (isEmptySave) words.push('')
      mayBeName = words.length > 1
    }
    end()
  }

  #take(line: DirectiveLine): void {
    const { name, words, place } = line
    switch (name) {
      case 'user':
        if (words.length === 0) throw badDirective(line)
        // Names, patterns and passwords of users may be any bytes.
        this.result.users.push(
          place === undefined ? { ...line, words: words.map(bytesOfText) } : line,
        )
        return
      case 'rename-command':
        if (words.length !== 2) throw badDirective(line)
        this.result.renamedCommands.push(line)
        return
      case 'loadmodule':
        throw new DirectiveError('modules are written in C and cannot be loaded here', place)
      case 'sentinel':
        throw new DirectiveError('sentinel directive while not in sentinel mode', place)
      default:
        this.result.directives.push(
          place === undefined ? line : { ...line, words: words.map(textOfBytes) },
        )
    }
  }

  #read(path: string): string {
    try {
      return this.#files.read(path)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new DirectiveError(`can't open config file '${path}': ${reason}`, undefined, { cause })
    }
  }
}

function badDirective({ place }: DirectiveLine): DirectiveError {
  return new DirectiveError('Bad directive or wrong number of arguments', place)
}

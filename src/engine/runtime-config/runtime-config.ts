import { invariant } from '../../shared/assert.ts'
import { matchesGlob } from '../../shared/glob.ts'
import type { ConfigAccess, ConfigService } from '../execution/context.ts'
import { splitArguments } from '../protocol/inline-arguments.ts'
import { configSetFailed, replyErrors } from '../protocol/reply-errors.ts'
import type { Directive, ReadValue } from './directive.ts'
import { DirectiveError, type DirectiveLine } from './directive-line.ts'
import { DIRECTIVES } from './directives.ts'

/** Hears of a value at the start and whenever CONFIG SET changes it. */
export type DirectiveListener = (value: string) => void

/** Puts a changed value into effect; the reason when that cannot be done. */
export type DirectiveApplier = (value: string) => string | undefined

/** Names of older versions that mean nothing any more (config.c, deprecated_configs). */
const FORGOTTEN = new Set([
  'list-max-ziplist-entries',
  'list-max-ziplist-value',
  'lua-replicate-commands',
])

/** The directives of one engine: given at the start, told by CONFIG GET, changed by CONFIG SET. */
export class RuntimeConfig implements ConfigService {
  /** Directives that were given and have no effect here. */
  readonly unusedDirectives: Directive[] = []
  /** By name and by alias. */
  readonly #directives = new Map<string, Directive>()
  readonly #values = new Map<string, string>()
  readonly #integers = new Map<string, number>()
  readonly #listeners = new Map<string, DirectiveListener[]>()
  readonly #appliers = new Map<string, DirectiveApplier>()

  /** Throws a DirectiveError for what redis-server would refuse to start with. */
  constructor(lines: readonly DirectiveLine[]) {
    for (const directive of DIRECTIVES) {
      this.#directives.set(directive.name, directive)
      if (directive.alias !== undefined) this.#directives.set(directive.alias, directive)
      const read = directive.type.read([directive.defaultValue], '')
      this.#store(directive, 'value' in read ? read.value : directive.defaultValue)
    }
    const seen = new Set<Directive>()
    for (const line of lines) this.#storeGiven(line, seen)
  }

  /** Every directive once, in the table's order. */
  get directives(): readonly Directive[] {
    return DIRECTIVES
  }

  /** Under a directive's own name. */
  value(name: string): string {
    const value = this.#values.get(name)
    invariant(value !== undefined, `there is a directive ${name}`)
    return value
  }

  integer(name: string): number {
    const value = this.#integers.get(name)
    invariant(value !== undefined, `there is a directive ${name}`)
    return value
  }

  isOn(name: string): boolean {
    return this.value(name) === 'yes'
  }

  find(name: string): Directive | undefined {
    return this.#directives.get(name.toLowerCase())
  }

  isSensitive(name: string): boolean {
    return this.find(name)?.isSensitive === true
  }

  onValue(name: string, listener: DirectiveListener): void {
    listener(this.value(name))
    const listeners = this.#listeners.get(name)
    if (listeners === undefined) this.#listeners.set(name, [listener])
    else listeners.push(listener)
  }

  onApply(name: string, applier: DirectiveApplier): void {
    invariant(!this.#appliers.has(name), `${name} is put into effect in one place`)
    this.#appliers.set(name, applier)
  }

  get(globs: readonly string[]): readonly (readonly [name: string, value: string])[] {
    const found = new Map<string, string>()
    for (const glob of globs) {
      const pattern = glob.toLowerCase()
      for (const [name, directive] of this.#directives) {
        const isAskedFor =
          directive.isHidden === true ? pattern === name : matchesGlob(pattern, name)
        if (isAskedFor) found.set(name, this.value(directive.name))
      }
    }
    return [...found]
  }

  set(
    pairs: readonly (readonly [name: string, value: string])[],
    access: ConfigAccess = { mayChangeProtected: true, isLoading: false },
  ): string | undefined {
    const changes = new Map<Directive, string>()
    for (const [given] of pairs) {
      if (this.find(given) === undefined) {
        return `ERR Unknown option or number of arguments for CONFIG SET - '${given}'`
      }
    }
    for (const [given, text] of pairs) {
      const directive = this.find(given)
      invariant(directive !== undefined, 'every name has been looked up')
      const refusal = refusalOf(directive, access)
      if (refusal === replyErrors.loading) return refusal
      if (refusal !== undefined) return configSetFailed(given, refusal)
      if (changes.has(directive)) return configSetFailed(given, 'duplicate parameter')
      const read = this.#read(directive, text)
      if ('error' in read) return configSetFailed(directive.name, read.error)
      changes.set(directive, read.value)
    }
    return this.#change(changes)
  }

  /** Takes a value that a command has decided on, such as REPLICAOF. */
  replace(name: string, value: string): void {
    const directive = this.find(name)
    invariant(directive !== undefined, `there is a directive ${name}`)
    this.#store(directive, value)
    for (const listener of this.#listeners.get(directive.name) ?? []) listener(value)
  }

  #read(directive: Directive, text: string): ReadValue {
    const { type } = directive
    const current = type.isRepeated === true ? '' : this.value(directive.name)
    return type.read(type.isMultiple ? text.split(' ') : [text], current)
  }

  /** All or nothing: what has been changed is changed back when one cannot be put into effect. */
  #change(changes: ReadonlyMap<Directive, string>): string | undefined {
    const before = [...changes.keys()].map((directive) => ({
      directive,
      value: this.value(directive.name),
    }))
    for (const [directive, value] of changes) this.#store(directive, value)
    for (const [{ name }, value] of changes) {
      const error = this.#appliers.get(name)?.(value)
      if (error === undefined) continue
      for (const old of before) this.#store(old.directive, old.value)
      for (const old of before) this.#appliers.get(old.directive.name)?.(old.value)
      return configSetFailed(name, error)
    }
    for (const [{ name }, value] of changes) {
      for (const listener of this.#listeners.get(name) ?? []) listener(value)
    }
    return undefined
  }

  #storeGiven({ name, words, place }: DirectiveLine, seen: Set<Directive>): void {
    const directive = this.#directives.get(name)
    if (directive === undefined) {
      if (FORGOTTEN.has(name) && words.length === 1) return
      const what = place === undefined ? `: '${name}'` : ''
      throw new DirectiveError(`Bad directive or wrong number of arguments${what}`, place)
    }
    const { type } = directive
    if (!type.isMultiple && words.length !== 1) {
      throw new DirectiveError(withName('wrong number of arguments', name, words, place), place)
    }
    const isOne = type.isMultiple && words.length === 1 && words[0] !== ''
    const split = isOne ? splitArguments(words[0] ?? '') : words
    const isAdding = type.isRepeated !== true || seen.has(directive)
    const read = type.read(split ?? [], isAdding ? this.value(directive.name) : '')
    if ('error' in read) throw new DirectiveError(withName(read.error, name, words, place), place)
    seen.add(directive)
    if (directive.unused !== undefined && read.value !== directive.defaultValue) {
      this.unusedDirectives.push(directive)
    }
    this.#store(directive, read.value)
  }

  #store({ name }: Directive, value: string): void {
    this.#values.set(name, value)
    this.#integers.set(name, Number(value))
  }
}

function refusalOf(directive: Directive, access: ConfigAccess): string | undefined {
  if (directive.isImmutable === true) return "can't set immutable config"
  if (directive.isProtected === true && !access.mayChangeProtected) {
    return "can't set protected config"
  }
  return access.isLoading && directive.isDeniedWhileLoading === true
    ? replyErrors.loading
    : undefined
}

/** A line of a file shows itself; what came from elsewhere needs to be named. */
function withName(
  error: string,
  name: string,
  words: readonly string[],
  place: DirectiveLine['place'],
): string {
  if (place !== undefined) return error
  const given = words.map((word) => ` "${word}"`).join('')
  return `'${name}${given}': ${error}`
}

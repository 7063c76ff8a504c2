import { invariant } from '../../shared/assert.ts'
import { matchesGlob } from '../../shared/glob.ts'
import type { ConfigService } from '../execution/context.ts'
import { type Directive, normalizeValue } from './directive.ts'
import { DIRECTIVES } from './directives.ts'

/** Hears of a value at the start and whenever CONFIG SET changes it. */
export type DirectiveListener = (value: string) => void

/** A value that a directive does not take, or a name there is not. */
export class DirectiveError extends Error {
  override readonly name = 'DirectiveError'
}

/** The directives of one engine: given at the start, told by CONFIG GET, changed by CONFIG SET. */
export class RuntimeConfig implements ConfigService {
  readonly #directives = new Map<string, Directive>()
  readonly #values = new Map<string, string>()
  readonly #integers = new Map<string, number>()
  readonly #listeners = new Map<string, DirectiveListener[]>()

  /** Throws a DirectiveError for what redis-server would refuse to start with. */
  constructor(given: ReadonlyMap<string, string>) {
    for (const directive of DIRECTIVES) {
      this.#directives.set(directive.name, directive)
      this.#store(directive.name, directive.defaultValue)
    }
    for (const [name, text] of given) this.#storeGiven(name.toLowerCase(), text)
  }

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

  onValue(name: string, listener: DirectiveListener): void {
    listener(this.value(name))
    const listeners = this.#listeners.get(name)
    if (listeners === undefined) this.#listeners.set(name, [listener])
    else listeners.push(listener)
  }

  get(globs: readonly string[]): readonly (readonly [name: string, value: string])[] {
    const patterns = globs.map((glob) => glob.toLowerCase())
    return [...this.#values].filter(([name]) =>
      patterns.some((pattern) => matchesGlob(pattern, name)),
    )
  }

  set(pairs: readonly (readonly [name: string, value: string])[]): string | undefined {
    const changes = new Map<string, string>()
    for (const [given, text] of pairs) {
      const name = given.toLowerCase()
      const directive = this.#directives.get(name)
      if (directive === undefined) {
        return `ERR Unknown option or number of arguments for CONFIG SET - '${given}'`
      }
      if (changes.has(name)) return failed(given, 'duplicate parameter')
      if (!directive.isMutable) return failed(given, "can't set immutable config")
      const normalized = normalizeValue(directive.type, text)
      if ('error' in normalized) return failed(given, normalized.error)
      changes.set(name, this.#merged(directive, normalized.value))
    }
    for (const [name, value] of changes) this.#store(name, value)
    for (const [name, value] of changes) {
      for (const listener of this.#listeners.get(name) ?? []) listener(value)
    }
    return undefined
  }

  #storeGiven(name: string, text: string): void {
    const directive = this.#directives.get(name)
    if (directive === undefined)
      throw new DirectiveError(`Bad directive or wrong number of arguments: '${name}'`)
    const normalized = normalizeValue(directive.type, text)
    if ('error' in normalized) throw new DirectiveError(`'${name} "${text}"': ${normalized.error}`)
    this.#store(name, this.#merged(directive, normalized.value))
  }

  /** Output limits that are not named stay as they are. */
  #merged(directive: Directive, value: string): string {
    if (directive.type.kind !== 'output-limits') return value
    const limits = new Map<string, string>()
    for (const text of [this.value(directive.name), value]) {
      for (const limit of text.match(/\S+ \d+ \d+ \d+/g) ?? []) {
        limits.set(limit.slice(0, limit.indexOf(' ')), limit)
      }
    }
    return [...limits.values()].join(' ')
  }

  #store(name: string, value: string): void {
    this.#values.set(name, value)
    this.#integers.set(name, Number(value))
  }
}

function failed(name: string, reason: string): string {
  return `ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`
}

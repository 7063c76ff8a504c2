import { STATE_KEYS } from './arguments.ts'
import type { Words } from './grammar/production.ts'

const TOLD_MAX = 25
const CONTEXT_MAX = 8
const HISTORY_MAX = 2_000
const TEXT_MAX = 300
/** Told apart by their second word, too. */
const CONTAINERS = /^(XGROUP|XINFO|OBJECT|SCRIPT|CONFIG|COMMAND|CLIENT)$/i

export interface Finding {
  /** The number of the command in the stream. */
  readonly index: number
  readonly kind: 'reply' | 'queue' | 'exec' | 'state'
  readonly words: Words
  readonly theirs: string
  readonly ours: string
}

/** Collects differences; each kind of difference of a command is told once, with what was done to its keys before. */
export class Findings {
  readonly #history: Words[] = []
  readonly #counts = new Map<string, number>()
  readonly #print: (line: string) => void
  #count = 0

  constructor(print: (line: string) => void) {
    this.#print = print
  }

  get count(): number {
    return this.#count
  }

  /** What was sent, for those who read of a difference later. */
  remember(words: Words): void {
    this.#history.push(words)
    if (this.#history.length > 2 * HISTORY_MAX) this.#history.splice(0, HISTORY_MAX)
  }

  add({ index, kind, words, theirs, ours }: Finding): void {
    this.#count += 1
    const [name = '', second = ''] = words
    const subject = `${name}${CONTAINERS.test(name) ? ` ${second}` : ''} ${kind}`
    const before = this.#counts.get(subject) ?? 0
    this.#counts.set(subject, before + 1)
    if (before > 0 || this.#counts.size > TOLD_MAX) return
    this.#print(`#${index} ${kind}: ${showWords(words)}`.slice(0, TEXT_MAX))
    this.#print(`    redis-server ${theirs.slice(0, TEXT_MAX)}`)
    this.#print(`    engine       ${ours.slice(0, TEXT_MAX)}`)
    for (const line of this.#contextOf(keysOf(words))) this.#print(`        ${line}`)
  }

  /** How often each kind of difference was met. */
  summary(): readonly string[] {
    return [...this.#counts].map(([subject, count]) => `${subject} x${count}`)
  }

  #contextOf(keys: readonly string[]): readonly string[] {
    return this.#history
      .filter((words) => words.slice(1).some((word) => keys.includes(word)))
      .slice(-CONTEXT_MAX)
      .map((words) => showWords(words).slice(0, TEXT_MAX))
  }
}

/** The keys among the words of a command. */
export function keysOf(words: Words): readonly string[] {
  return words.slice(1).filter((word) => STATE_KEYS.includes(word))
}

/** A line for redis-cli, or nearly. */
function showWords(words: Words): string {
  return words.map((word) => (/^[\w{}*.:#+-]+$/.test(word) ? word : JSON.stringify(word))).join(' ')
}

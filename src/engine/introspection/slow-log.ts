/** As Redis keeps them (slowlog.h). */
const ARGUMENTS_MAX = 32
const ARGUMENT_BYTES_MAX = 128

/** One command that took long. Arguments are latin1 text: one character per byte. */
export interface SlowCall {
  readonly id: number
  readonly second: number
  readonly usec: number
  readonly args: readonly string[]
  readonly address: string
  readonly clientName: string
}

export interface SlowCallSource {
  /** How many arguments there are, and one of them cut to `length` bytes. */
  readonly count: number
  length(index: number): number
  text(index: number, length: number): string
}

/** The last commands that took long (SLOWLOG): as many as slowlog-max-len says. */
export class SlowLog {
  /** slowlog-log-slower-than; negative: nothing is logged. */
  thresholdUsec = 10_000
  /** Newest last. */
  #calls: SlowCall[] = []
  #lengthMax = 128
  #nextId = 0

  get length(): number {
    return this.#calls.length
  }

  set lengthMax(length: number) {
    this.#lengthMax = length
  }

  wants(usec: number): boolean {
    return this.thresholdUsec >= 0 && usec >= this.thresholdUsec
  }

  add(call: Omit<SlowCall, 'id'>): void {
    this.#calls.push({ id: this.#nextId, ...call })
    this.#nextId += 1
    this.trim()
  }

  /** Redis forgets what is too much only when a command has run. */
  trim(): void {
    if (this.#calls.length > this.#lengthMax) {
      this.#calls = this.#lengthMax === 0 ? [] : this.#calls.slice(-this.#lengthMax)
    }
  }

  /** The newest first. */
  latest(count: number): readonly SlowCall[] {
    return this.#calls.slice(Math.max(0, this.#calls.length - count)).reverse()
  }

  reset(): void {
    this.#calls = []
  }
}

/** The arguments as they are kept: not too many, and none too long. */
export function slowCallArguments(source: SlowCallSource): string[] {
  const kept = Math.min(source.count, ARGUMENTS_MAX)
  const args: string[] = []
  for (let index = 0; index < kept; index += 1) {
    if (kept < source.count && index === kept - 1) {
      args.push(`... (${source.count - kept + 1} more arguments)`)
      break
    }
    const length = source.length(index)
    const shown = source.text(index, Math.min(length, ARGUMENT_BYTES_MAX))
    const hidden = length - ARGUMENT_BYTES_MAX
    args.push(hidden > 0 ? `${shown}... (${hidden} more bytes)` : shown)
  }
  return args
}

import { matchesGlob } from '../../shared/glob.ts'

/** What a rule lets a command do with keys, or what a command does: bits. */
export const KEY_ACCESS = { read: 1, write: 2, both: 3 } as const

const STAR = '*'
const SPECIAL = /[*?[\\]/

/** Keys that a rule allows to be read, written, or both. */
export class KeyPattern {
  readonly glob: string
  readonly access: number
  /** A glob that is plain text with a star behind it, the most common, is compared byte by byte. */
  readonly #prefix: string | undefined

  /** `glob` is latin1 text. */
  constructor(glob: string, access: number) {
    this.glob = glob
    this.access = access
    const prefix = glob.slice(0, -1)
    this.#prefix = glob.endsWith(STAR) && !SPECIAL.test(prefix) ? prefix : undefined
  }

  allows(access: number): boolean {
    return (this.access & access) === access
  }

  matches(bytes: Uint8Array, start: number, length: number): boolean {
    const prefix = this.#prefix
    if (prefix === undefined) return matchesGlob(this.glob, latin1(bytes, start, length))
    if (length < prefix.length) return false
    for (let at = 0; at < prefix.length; at += 1) {
      if (bytes[start + at] !== prefix.charCodeAt(at)) return false
    }
    return true
  }

  /** As a rule. */
  get rule(): string {
    if (this.access === KEY_ACCESS.both) return `~${this.glob}`
    return `${this.access === KEY_ACCESS.read ? '%R' : '%W'}~${this.glob}`
  }
}

function latin1(bytes: Uint8Array, start: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1')
}

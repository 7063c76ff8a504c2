import type { Choice } from '../../../conformance/fuzz/choice.ts'
import type { Words } from '../../../conformance/fuzz/grammar/production.ts'
import { encode } from '../../../conformance/fuzz/resp-client.ts'

const LENGTHS: readonly string[] =
  '-1 -2 0 1 00 +1 x 0x10 1e3 1.5 1048576 1048577 536870912 536870913 2147483647 2147483648'
    .split(' ')
    .concat(['4294967296', '9223372036854775807', '18446744073709551616', '9'.repeat(40)])
    .concat(['', ' 1', '1 ', '\x00', '-2147483648'])
const COUNTS_OF_ARGUMENTS = [1_000, 20_000, 100_000]
const WIDE_COMMANDS = ['DEL', 'MSET', 'SADD', 'RPUSH', 'MGET', 'PFADD', 'NOSUCH']
const LENGTH_LINE = /[*$]\d+\r\n/g

/** What clients send that are broken, or attack: each character is a byte. */
export class BrokenBytes {
  readonly #choice: Choice
  readonly #nextWords: () => Words

  constructor(choice: Choice, nextWords: () => Words) {
    this.#choice = choice
    this.#nextWords = nextWords
  }

  next(): string {
    return this.#choice.from(
      () => this.noise(2_000),
      () => this.wide(),
      () => this.mutated(),
      () => this.mutated(),
      () => this.mutated(),
      () => this.mutated(),
      () => encode(this.#nextWords()),
    )
  }

  /** A command of which something is wrong, for most of them in the protocol's own part. */
  mutated(): string {
    const bytes = encode(this.#nextWords())
    return this.#choice.from(
      () => bytes.slice(0, this.#choice.int(bytes.length)),
      () => this.#withLength(bytes),
      () => this.#withLength(bytes),
      () => this.#withByte(bytes),
      () => this.#withInsertion(bytes),
      () => bytes.replaceAll('\r\n', this.#choice.pick(['\n', '\r', '\r\r\n', ''])),
    )
  }

  noise(lengthMax: number): string {
    const length = 1 + this.#choice.int(lengthMax)
    const isText = this.#choice.chance(0.5)
    const byte = () => (isText ? 32 + this.#choice.int(95) : this.#choice.int(256))
    return String.fromCharCode(...Array.from({ length }, byte))
  }

  /** More arguments than anybody needs, binary ones among them. */
  wide(): string {
    const count = this.#choice.pick(COUNTS_OF_ARGUMENTS)
    const argument = this.noise(10)
    const words = Array<string>(count).fill(argument)
    return encode([this.#choice.pick(WIDE_COMMANDS), ...words])
  }

  #withLength(bytes: string): string {
    const lines = [...bytes.matchAll(LENGTH_LINE)]
    const line = this.#choice.pick(lines)
    const sign = line[0].slice(0, 1)
    const near = String(Number(line[0].slice(1)) + this.#choice.int(5) - 2)
    const length = this.#choice.chance(0.3) ? near : this.#choice.pick(LENGTHS)
    const end = line.index + line[0].length
    return `${bytes.slice(0, line.index)}${sign}${length}\r\n${bytes.slice(end)}`
  }

  #withByte(bytes: string): string {
    const at = this.#choice.int(bytes.length)
    const byte = String.fromCharCode(this.#choice.int(256))
    return `${bytes.slice(0, at)}${byte}${bytes.slice(at + 1)}`
  }

  #withInsertion(bytes: string): string {
    const at = this.#choice.int(bytes.length)
    return `${bytes.slice(0, at)}${this.noise(8)}${bytes.slice(at)}`
  }
}

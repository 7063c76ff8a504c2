import { invariant } from '../../shared/assert.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import { Command, type CommandSpec } from './command.ts'

const FNV_PRIME = 0x01000193
const UPPER_MASK = 0xdf

/** A command under the name it is called by, in small letters. */
interface Entry {
  readonly name: string
  readonly command: Command
}

/**
 * The commands of one engine, found by a hash over the name's bytes in either case: looking a command up
 * makes no string.
 */
export class CommandTable {
  readonly commands: readonly Command[]
  /** Those that configuration took away, too: rules of the ACL know every command by its own name. */
  readonly originals: readonly Command[]
  readonly #slots: (Entry | undefined)[]
  readonly #mask: number

  /** `renamed`: by its own name the one a command shall be called by, nothing for one that shall be gone. */
  constructor(specs: readonly CommandSpec[], renamed: ReadonlyMap<string, string> = new Map()) {
    this.originals = specs.map((spec) => new Command(spec))
    this.commands = this.originals.filter(({ spec }) => renamed.get(spec.name) !== '')
    let size = 256
    while (size < specs.length * 4) size *= 2
    this.#slots = Array.from({ length: size })
    this.#mask = size - 1
    for (const command of this.commands) {
      const { name } = command.spec
      this.#add({ name: renamed.get(name) ?? name, command })
    }
  }

  /** The command that the argument at `offset` names; its subcommand, when it has them and the next one names it. */
  find(argv: ArgumentVector, offset = 0): Command | undefined {
    const command = this.#findByBytes(argv.bytes, argv.start(offset), argv.length(offset))
    if (command === undefined || command.subcommands.length === 0) return command
    if (argv.count < offset + 2) return command
    for (const subcommand of command.subcommands) {
      if (argv.is(offset + 1, subcommand.spec.name.toUpperCase())) return subcommand
    }
    return command
  }

  /** By name in any case, `config|set` for a subcommand. */
  findByName(name: string): Command | undefined {
    const [container = '', ...rest] = name.toLowerCase().split('|')
    const bytes = Buffer.from(container, 'latin1')
    const command = this.#findByBytes(bytes, 0, bytes.length)
    if (rest.length === 0) return command
    return command?.subcommands.find((candidate) => candidate.spec.name === rest.join('|'))
  }

  resetStatistics(): void {
    for (const command of this.commands) command.resetStatistics()
  }

  #add(entry: Entry): void {
    const name = Buffer.from(entry.name)
    let slot = foldedHash(name, 0, name.length) & this.#mask
    for (let other = this.#slots[slot]; other !== undefined; other = this.#slots[slot]) {
      invariant(other.name !== entry.name, `command ${entry.name} stands twice`)
      slot = (slot + 1) & this.#mask
    }
    this.#slots[slot] = entry
  }

  #findByBytes(bytes: Uint8Array, start: number, length: number): Command | undefined {
    let slot = foldedHash(bytes, start, length) & this.#mask
    for (;;) {
      const entry = this.#slots[slot]
      if (entry === undefined) return undefined
      if (isNamed(entry, bytes, start, length)) return entry.command
      slot = (slot + 1) & this.#mask
    }
  }
}

function isNamed({ name }: Entry, bytes: Uint8Array, start: number, length: number): boolean {
  if (name.length !== length) return false
  for (let at = 0; at < length; at += 1) {
    const byte = bytes[start + at] ?? 0
    const isUpper = byte >= 0x41 && byte <= 0x5a
    if ((isUpper ? byte | 0x20 : byte) !== name.charCodeAt(at)) return false
  }
  return true
}

function foldedHash(bytes: Uint8Array, start: number, length: number): number {
  let hash = length
  for (let at = 0; at < length; at += 1) {
    hash = Math.imul(hash ^ ((bytes[start + at] ?? 0) & UPPER_MASK), FNV_PRIME)
  }
  return (hash ^ (hash >>> 15)) >>> 0
}

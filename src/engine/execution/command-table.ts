import { invariant } from '../../shared/assert.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import { Command, type CommandSpec } from './command.ts'

const FNV_PRIME = 0x01000193
const UPPER_MASK = 0xdf

/**
 * The commands of one engine, found by a hash over the name's bytes in either case: looking a command up
 * makes no string.
 */
export class CommandTable {
  readonly commands: readonly Command[]
  readonly #slots: (Command | undefined)[]
  readonly #mask: number

  constructor(specs: readonly CommandSpec[]) {
    this.commands = specs.map((spec) => new Command(spec))
    let size = 256
    while (size < specs.length * 4) size *= 2
    this.#slots = Array.from({ length: size })
    this.#mask = size - 1
    for (const command of this.commands) this.#add(command)
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
    const command = this.commands.find((candidate) => candidate.spec.name === container)
    if (rest.length === 0) return command
    return command?.subcommands.find((candidate) => candidate.spec.name === rest.join('|'))
  }

  resetStatistics(): void {
    for (const command of this.commands) command.resetStatistics()
  }

  #add(command: Command): void {
    const name = Buffer.from(command.spec.name)
    let slot = foldedHash(name, 0, name.length) & this.#mask
    for (let other = this.#slots[slot]; other !== undefined; other = this.#slots[slot]) {
      invariant(other.spec.name !== command.spec.name, `command ${command.spec.name} stands twice`)
      slot = (slot + 1) & this.#mask
    }
    this.#slots[slot] = command
  }

  #findByBytes(bytes: Uint8Array, start: number, length: number): Command | undefined {
    let slot = foldedHash(bytes, start, length) & this.#mask
    for (;;) {
      const command = this.#slots[slot]
      if (command === undefined || isNamed(command, bytes, start, length)) return command
      slot = (slot + 1) & this.#mask
    }
  }
}

function isNamed(command: Command, bytes: Uint8Array, start: number, length: number): boolean {
  const { name } = command.spec
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

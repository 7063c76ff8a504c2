import type { Command } from '../execution/command.ts'
import type { CommandCatalogue } from './command-catalogue.ts'
import { KeyPattern } from './key-pattern.ts'

/**
 * What one set of rules allows: every user has one, and may have further ones in parentheses, any of which is
 * enough (acl.c calls it a selector).
 */
export class Permissions {
  readonly catalogue: CommandCatalogue
  /** Nothing has been taken away since all commands were allowed. */
  allowsAllCommands = false
  /** All commands were allowed once: what is not taken away is, commands to come among it. */
  allowsFutureCommands = false
  allowsAllKeys = false
  allowsAllChannels: boolean
  keyPatterns: readonly KeyPattern[] = []
  /** Globs, as latin1 text. */
  channelPatterns: readonly string[] = []
  /** By the command's number. */
  #allowed: Uint8Array
  /** Words that may follow the name of a command that is not allowed otherwise, by the command's number. */
  #firstArguments = new Map<number, readonly string[]>()

  constructor(catalogue: CommandCatalogue, allowsAllChannels: boolean) {
    this.catalogue = catalogue
    this.allowsAllChannels = allowsAllChannels
    this.#allowed = new Uint8Array(catalogue.size)
  }

  get allowsEverything(): boolean {
    return this.allowsAllCommands && this.allowsAllKeys && this.allowsAllChannels
  }

  copy(): Permissions {
    const copy = new Permissions(this.catalogue, this.allowsAllChannels)
    copy.allowsAllCommands = this.allowsAllCommands
    copy.allowsFutureCommands = this.allowsFutureCommands
    copy.allowsAllKeys = this.allowsAllKeys
    copy.keyPatterns = this.keyPatterns
    copy.channelPatterns = this.channelPatterns
    copy.#allowed = this.#allowed.slice()
    copy.#firstArguments = new Map(this.#firstArguments)
    return copy
  }

  allowAllCommands(isAllowed: boolean): void {
    this.#allowed.fill(isAllowed ? 1 : 0)
    this.allowsAllCommands = isAllowed
    this.allowsFutureCommands = isAllowed
    this.#firstArguments.clear()
  }

  /** A container's subcommands go with it. */
  allow(command: Command, isAllowed: boolean): void {
    this.#firstArguments.delete(this.catalogue.numberOf(command))
    this.#set(command, isAllowed)
    for (const subcommand of command.subcommands) this.#set(subcommand, isAllowed)
  }

  /** False when there is no such category. */
  allowCategory(name: string, isAllowed: boolean): boolean {
    const commands = this.catalogue.inCategory(name)
    if (commands === undefined) return false
    for (const command of commands) this.allow(command, isAllowed)
    return true
  }

  allowFirstArgument(command: Command, word: string): void {
    const words = this.firstArguments(command)
    const isThere = words.some((other) => other.toLowerCase() === word.toLowerCase())
    if (isThere) return
    this.#firstArguments.set(this.catalogue.numberOf(command), [...words, word])
  }

  firstArguments(command: Command): readonly string[] {
    return this.#firstArguments.get(this.catalogue.numberOf(command)) ?? []
  }

  /** By its name alone, whatever follows. */
  allowsCommand(command: Command): boolean {
    return this.#allowed[this.catalogue.numberOf(command)] === 1
  }

  /** The same pattern again widens what may be done. */
  allowKeys(glob: string, access: number): void {
    const known = this.keyPatterns.find((pattern) => pattern.glob === glob)
    const wider = new KeyPattern(glob, access | (known?.access ?? 0))
    this.keyPatterns =
      known === undefined
        ? [...this.keyPatterns, wider]
        : this.keyPatterns.map((pattern) => (pattern === known ? wider : pattern))
  }

  allowChannels(glob: string): void {
    if (!this.channelPatterns.includes(glob)) this.channelPatterns = [...this.channelPatterns, glob]
  }

  #set(command: Command, isAllowed: boolean): void {
    this.#allowed[this.catalogue.numberOf(command)] = isAllowed ? 1 : 0
    if (!isAllowed) this.allowsAllCommands = false
  }
}

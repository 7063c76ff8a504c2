import { matchesGlob } from '../../shared/glob.ts'
import type { AccessRefusal } from '../execution/acl-service.ts'
import type { Command } from '../execution/command.ts'
import {
  type CommandArguments,
  findKeys,
  KeyPositions,
  mayHaveKeys,
} from '../execution/command-keys.ts'
import type { KeyFlag } from '../execution/key-spec.ts'
import { KEY_ACCESS } from './key-pattern.ts'
import type { Permissions } from './permissions.ts'

/** In the order in which a later reason counts for more (server.h, ACL_DENIED_*). */
const REASONS = ['command', 'key', 'channel'] as const

type Reason = (typeof REASONS)[number]

/** Which arguments are channels, for commands that need leave for them: to stop listening needs none. */
const CHANNELS: Readonly<Record<string, 'one' | 'all' | 'patterns'>> = {
  publish: 'one',
  spublish: 'one',
  subscribe: 'all',
  ssubscribe: 'all',
  psubscribe: 'patterns',
}

/** Asks the rules of a user about one command after the other (acl.c, ACLCheckAllUserCommandPerm). */
export class AccessCheck {
  readonly #keys = new KeyPositions()
  #areKeysFound = false
  /** The last argument that some rules have not allowed. */
  #argument = 0

  /** Any of the permissions is enough; nothing when one of them allows it. */
  refusal(
    permissions: readonly Permissions[],
    command: Command,
    args: CommandArguments,
  ): AccessRefusal | undefined {
    this.#begin()
    let reason: Reason = 'command'
    let argument = 0
    for (const each of permissions) {
      const found = this.#ask(each, command, args)
      if (found === undefined) return undefined
      const rank = REASONS.indexOf(found) - REASONS.indexOf(reason)
      if (rank < 0 || (rank === 0 && this.#argument <= argument)) continue
      reason = found
      argument = this.#argument
    }
    return { reason, argument }
  }

  /** Whether permissions that allow the command let it read every key there may be. */
  mayReadAnyKey(
    permissions: readonly Permissions[],
    command: Command,
    args: CommandArguments,
  ): boolean {
    this.#begin()
    return permissions.some(
      (each) => readsAnyKey(each) && this.#ask(each, command, args) === undefined,
    )
  }

  #begin(): void {
    this.#areKeysFound = false
    this.#argument = 0
  }

  #ask(permissions: Permissions, command: Command, args: CommandArguments): Reason | undefined {
    if (!allowsCommand(permissions, command, args)) return 'command'
    if (!permissions.allowsAllKeys && mayHaveKeys(command)) {
      if (!this.#areKeysFound) findKeys(command, args, this.#keys)
      this.#areKeysFound = true
      if (!this.#allowsKeys(permissions, args)) return 'key'
    }
    const channels = permissions.allowsAllChannels ? undefined : CHANNELS[command.fullName]
    if (channels === undefined) return undefined
    return this.#allowsChannels(permissions, channels, args) ? undefined : 'channel'
  }

  #allowsKeys({ keyPatterns }: Permissions, { argv }: CommandArguments): boolean {
    const keys = this.#keys
    for (let index = 0; index < keys.count; index += 1) {
      const position = keys.position(index)
      const access = accessOf(keys.flags(index))
      const start = argv.start(position)
      const length = argv.length(position)
      const isAllowed = keyPatterns.some(
        (pattern) => pattern.allows(access) && pattern.matches(argv.bytes, start, length),
      )
      if (isAllowed) continue
      this.#argument = position
      return false
    }
    return true
  }

  #allowsChannels(
    { channelPatterns }: Permissions,
    which: 'one' | 'all' | 'patterns',
    { argv, offset }: CommandArguments,
  ): boolean {
    const end = which === 'one' ? Math.min(offset + 2, argv.count) : argv.count
    for (let index = offset + 1; index < end; index += 1) {
      if (mayUseChannel(channelPatterns, argv.latin1(index), which === 'patterns')) continue
      this.#argument = index
      return false
    }
    return true
  }
}

/** A pattern to listen to must be one of those allowed, word for word. */
export function mayUseChannel(
  allowed: readonly string[],
  name: string,
  isPattern: boolean,
): boolean {
  return isPattern ? allowed.includes(name) : allowed.some((glob) => matchesGlob(glob, name))
}

function allowsCommand(
  permissions: Permissions,
  command: Command,
  { argv, offset }: CommandArguments,
): boolean {
  if (permissions.allowsAllCommands || command.allowsUnauthenticated) return true
  if (permissions.allowsCommand(command)) return true
  const words = permissions.firstArguments(command)
  if (words.length === 0 || argv.count < offset + 2) return false
  const given = argv.latin1(offset + 1).toLowerCase()
  return words.some((word) => word.toLowerCase() === given)
}

function accessOf(flags: readonly KeyFlag[]): number {
  const reads = flags.includes('access')
  const writes = flags.includes('insert') || flags.includes('delete') || flags.includes('update')
  return (reads ? KEY_ACCESS.read : 0) | (writes ? KEY_ACCESS.write : 0)
}

function readsAnyKey({ allowsAllKeys, keyPatterns }: Permissions): boolean {
  if (allowsAllKeys) return true
  return keyPatterns.some((pattern) => pattern.glob === '*' && pattern.allows(KEY_ACCESS.read))
}

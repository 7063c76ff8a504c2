import type { CommandContext } from './context.ts'

export const COMMAND_GROUPS = [
  'string',
  'bitmap',
  'generic',
  'hash',
  'list',
  'set',
  'sorted-set',
  'geo',
  'hyperloglog',
  'stream',
  'pubsub',
  'transactions',
  'scripting',
  'connection',
  'server',
] as const

export type CommandGroup = (typeof COMMAND_GROUPS)[number]

/** server.c's flags, as COMMAND INFO tells them; `run` decides nothing by them, the guards do. */
export type CommandFlag =
  | 'write'
  | 'readonly'
  | 'denyoom'
  | 'admin'
  | 'noscript'
  | 'loading'
  | 'stale'
  | 'fast'
  | 'no_auth'
  | 'allow_busy'
  | 'skip_monitor'
  | 'movablekeys'

/** One command: everything known of it without running it, and how it runs. */
export interface CommandSpec {
  /** In small letters. */
  readonly name: string
  readonly group: CommandGroup
  /** Redis' version that brought it. */
  readonly since: string
  readonly summary: string
  /** Arguments with the name; negative: at least so many. */
  readonly arity: number
  readonly flags: readonly CommandFlag[]
  /** Places of the keys: first, last (negative: from the end), step; absent without keys. */
  readonly keys?: readonly [first: number, last: number, step: number]
  /** ACL categories beyond those that follow from flags and group. */
  readonly categories?: readonly string[]
  /** A container's subcommands: the second argument chooses, `run` answers to unknown ones. */
  readonly subcommands?: readonly CommandSpec[]
  readonly run: (context: CommandContext) => void
}

/** A command of one engine, with its statistics. */
export class Command {
  readonly spec: CommandSpec
  /** `config|set` for a subcommand. */
  readonly fullName: string
  readonly isWrite: boolean
  readonly deniesOutOfMemory: boolean
  readonly allowsUnauthenticated: boolean
  readonly subcommands: readonly Command[]
  calls = 0
  rejectedCalls = 0
  failedCalls = 0
  durationMs = 0

  constructor(spec: CommandSpec, container?: CommandSpec) {
    this.spec = spec
    this.fullName = container === undefined ? spec.name : `${container.name}|${spec.name}`
    this.isWrite = spec.flags.includes('write')
    this.deniesOutOfMemory = spec.flags.includes('denyoom')
    this.allowsUnauthenticated = spec.flags.includes('no_auth')
    this.subcommands = (spec.subcommands ?? []).map((sub) => new Command(sub, spec))
  }

  acceptsCount(count: number): boolean {
    const { arity } = this.spec
    return arity >= 0 ? count === arity : count >= -arity
  }

  resetStatistics(): void {
    this.calls = 0
    this.rejectedCalls = 0
    this.failedCalls = 0
    this.durationMs = 0
    for (const subcommand of this.subcommands) subcommand.resetStatistics()
  }
}

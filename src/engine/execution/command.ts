import { LatencyHistogram } from '../introspection/latency-histogram.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import type { KeyExtractor } from './command-keys.ts'
import type { CommandContext } from './context.ts'
import { type KeySpec, keyRange, legacyKeysOf } from './key-spec.ts'

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
  'cluster',
] as const

export type CommandGroup = (typeof COMMAND_GROUPS)[number]

/** server.c's flags in the order COMMAND INFO tells them; `run` decides nothing by them, the guards do. */
export const COMMAND_FLAGS = [
  'write',
  'readonly',
  'denyoom',
  'admin',
  'pubsub',
  'noscript',
  'blocking',
  'loading',
  'stale',
  'skip_monitor',
  'skip_slowlog',
  'asking',
  'fast',
  'no_auth',
  'no_mandatory_keys',
  'no_async_loading',
  'no_multi',
  'movablekeys',
  'allow_busy',
] as const

export type ToldCommandFlag = (typeof COMMAND_FLAGS)[number]

/** `movablekeys` follows from the key specifications. The last ones COMMAND INFO keeps to itself. */
export type CommandFlag = ToldCommandFlag | 'may_replicate' | 'protected' | 'touches_arbitrary_keys'

/** In the order Redis tells them (acl.c). */
export const ACL_CATEGORIES = [
  'keyspace',
  'read',
  'write',
  'set',
  'sortedset',
  'list',
  'hash',
  'string',
  'bitmap',
  'hyperloglog',
  'geo',
  'stream',
  'pubsub',
  'admin',
  'fast',
  'slow',
  'blocking',
  'dangerous',
  'connection',
  'transaction',
  'scripting',
] as const

/** The category that commands of a group have unless they name others. */
const GROUP_CATEGORIES: Readonly<Record<CommandGroup, readonly string[]>> = {
  string: ['string'],
  list: ['list'],
  hash: ['hash'],
  set: ['set'],
  'sorted-set': ['sortedset'],
  stream: ['stream'],
  bitmap: ['bitmap'],
  hyperloglog: ['hyperloglog'],
  geo: ['geo'],
  generic: ['keyspace'],
  pubsub: [],
  transactions: ['transaction'],
  scripting: ['scripting'],
  connection: ['connection'],
  server: [],
  cluster: [],
}

/** As quick as those that Redis calls fast, though they are not called so. */
const QUICK_COMMANDS = new Set(['set', 'setex', 'psetex', 'getrange'])

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
  /** Where its keys are and what it does to them: the builders of key-spec.ts. */
  readonly keySpecs?: readonly KeySpec[]
  /** For keys, or flags of keys, that the specifications cannot tell: one of key-extractors.ts. */
  readonly extractKeys?: KeyExtractor
  /** Short for one specification without more: first, last (negative: from the end), step. */
  readonly keys?: readonly [first: number, last: number, step: number]
  /** ACL categories instead of the group's own; those that follow from flags come by themselves. */
  readonly categories?: readonly string[]
  /** What clients and proxies may know (COMMAND INFO): nondeterministic_output, request_policy:all_shards ... */
  readonly tips?: readonly string[]
  /** A container's subcommands: the second argument chooses, `run` answers to unknown ones. */
  readonly subcommands?: readonly CommandSpec[]
  readonly run: (context: CommandContext) => void
}

/** Commands that run between MULTI and EXEC; all others are queued (server.c, processCommand). */
const RUN_IN_TRANSACTION = new Set(['exec', 'discard', 'multi', 'watch', 'quit', 'reset'])

/** A command of one engine, with its statistics. */
export class Command {
  readonly spec: CommandSpec
  /** `config|set` for a subcommand. */
  readonly fullName: string
  readonly isWrite: boolean
  readonly deniesOutOfMemory: boolean
  readonly allowsUnauthenticated: boolean
  /** Between MULTI and EXEC it is queued. */
  readonly isQueued: boolean
  readonly subcommands: readonly Command[]
  readonly keySpecs: readonly KeySpec[]
  readonly hasVariableKeyFlags: boolean
  /** First key, last key (negative: from the end), step; zeros when they are not in a row. */
  readonly legacyKeys: readonly [first: number, last: number, step: number]
  /** What COMMAND INFO tells, in its order. */
  readonly toldFlags: readonly ToldCommandFlag[]
  /** ACL categories without their sign. */
  readonly categories: readonly string[]
  /** For calls that do less than the command may: scripts that say that they write nothing. */
  flagsOfCall: ((argv: ArgumentVector) => readonly CommandFlag[]) | undefined
  calls = 0
  rejectedCalls = 0
  failedCalls = 0
  durationMs = 0
  readonly isRead: boolean
  readonly isFast: boolean
  /** Takes so little time that a row of calls may be timed together (call-timer.ts). */
  readonly isQuick: boolean
  readonly skipsSlowLog: boolean
  readonly hidesFromMonitors: boolean
  /** EVAL, FCALL and their like: monitors see them before what they call. */
  readonly isScriptCall: boolean
  /** SCAN and RANDOMKEY: keys that they find expired have nothing to do with each other. */
  readonly touchesAnyKey: boolean
  #histogram: LatencyHistogram | undefined

  constructor(spec: CommandSpec, container?: CommandSpec) {
    this.spec = spec
    this.fullName = container === undefined ? spec.name : `${container.name}|${spec.name}`
    this.isWrite = spec.flags.includes('write')
    this.deniesOutOfMemory = spec.flags.includes('denyoom')
    this.allowsUnauthenticated = spec.flags.includes('no_auth')
    this.isQueued = !RUN_IN_TRANSACTION.has(this.fullName)
    this.isRead = spec.flags.includes('readonly')
    this.isFast = spec.flags.includes('fast')
    this.isQuick = this.isFast || QUICK_COMMANDS.has(spec.name)
    this.skipsSlowLog = spec.flags.includes('skip_slowlog')
    this.hidesFromMonitors = spec.flags.includes('skip_monitor') || spec.flags.includes('admin')
    this.isScriptCall = spec.group === 'scripting' && spec.flags.includes('skip_monitor')
    this.touchesAnyKey = spec.flags.includes('touches_arbitrary_keys')
    this.subcommands = (spec.subcommands ?? []).map((sub) => new Command(sub, spec))
    this.keySpecs = spec.keySpecs ?? keySpecsOf(spec)
    this.hasVariableKeyFlags = this.keySpecs.some(({ flags }) => flags.includes('variable_flags'))
    const { range, areMovable } = legacyKeysOf(this.keySpecs)
    this.legacyKeys = range
    this.toldFlags = COMMAND_FLAGS.filter(
      (flag) => spec.flags.includes(flag) || (flag === 'movablekeys' && areMovable),
    )
    this.categories = categoriesOf(spec)
  }

  /** Made with the first call: most commands are never called. */
  get histogram(): LatencyHistogram {
    this.#histogram ??= new LatencyHistogram()
    return this.#histogram
  }

  get hasHistogram(): boolean {
    return this.#histogram !== undefined
  }

  flagsFor(argv: ArgumentVector): readonly CommandFlag[] {
    return this.flagsOfCall === undefined ? this.spec.flags : this.flagsOfCall(argv)
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
    this.#histogram = undefined
    for (const subcommand of this.subcommands) subcommand.resetStatistics()
  }
}

function keySpecsOf({ keys, flags }: CommandSpec): readonly KeySpec[] {
  if (keys === undefined) return []
  const [first, last, step] = keys
  const access = flags.includes('readonly') ? (['RO', 'access'] as const) : (['RW'] as const)
  return [keyRange(first, { last: last < 0 ? last : last - first, step }, ...access)]
}

/** What the command names, and what follows from its flags (server.c, setImplicitACLCategories). */
function categoriesOf({ group, flags, categories, subcommands }: CommandSpec): readonly string[] {
  const named = categories ?? (subcommands === undefined ? GROUP_CATEGORIES[group] : [])
  const all = new Set(named)
  if (flags.includes('write')) all.add('write')
  if (flags.includes('readonly') && !named.includes('scripting')) all.add('read')
  if (flags.includes('admin')) all.add('admin').add('dangerous')
  if (flags.includes('pubsub')) all.add('pubsub')
  if (flags.includes('blocking')) all.add('blocking')
  all.add(flags.includes('fast') ? 'fast' : 'slow')
  return ACL_CATEGORIES.filter((category) => all.has(category))
}

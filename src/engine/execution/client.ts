import type { ReplyWriter } from '../protocol/reply-writer.ts'
import type { ClientUser } from './acl-service.ts'
import type { Waiter } from './blocking.ts'
import type { ChannelKind } from './channel-service.ts'
import type { Transaction } from './transaction.ts'

/**
 * Bits of `Client.state`. While none is set, nothing about the client stands in a command's way: one comparison
 * tells.
 */
export const CLIENT_STATE = {
  /** Has to say who it is before anything else. */
  unauthenticated: 1,
  inTransaction: 2,
  /** Has a channel or pattern it listens to. */
  subscribed: 4,
  /** Waits, and no further command of it runs. */
  blocked: 8,
  /** CLIENT REPLY OFF or SKIP. */
  muted: 16,
  /** The ACL lets it do less than everything. */
  restricted: 32,
  /** Sees every command (MONITOR). */
  monitoring: 64,
  /** CLIENT TRACKING. */
  tracking: 128,
  /** Gets the replication stream. */
  replica: 256,
  /** The primary that this engine follows: what it says is done. */
  primary: 512,
} as const

export type ClientState = (typeof CLIENT_STATE)[keyof typeof CLIENT_STATE]

/** A client of whose memory count is kept; nothing: a caller in this process, the primary, or one that has gone. */
export type CountedAs = 'normal' | 'replica' | 'nothing'

/** CLIENT REPLY: `skipNext` once it was said, `skip` for the command after it. */
export type ReplyMode = 'on' | 'off' | 'skipNext' | 'skip'

/** Where a client's answers go that are not written while its own command runs. They leave at the turn's end. */
export interface ClientOutput {
  /** For the answer to a command that waited; `endReply` when it is written. One at a time. */
  beginReply(): ReplyWriter
  endReply(): void
  /** In place of `endReply` for what CLIENT REPLY does not keep back. */
  endMessage(): void
  /** What nobody asked for just now: a message of a channel, an invalidation. Its bytes are shared, never changed. */
  push(message: Uint8Array): void
  /** The client waits no longer: requests it has sent meanwhile run when this turn has ended. */
  release(): void
  /** Hangs up. */
  close(): void
  /** Received and not run, or written and not taken. */
  readonly heldBytes: number
  /** For CLIENT LIST. */
  state(): OutputState
}

/** A connection as it is now. */
export interface OutputState {
  readonly localAddress: string
  /** The socket's number in the system; -1 without one. */
  readonly descriptor: number
  /** Received and not run yet, and room for more. */
  readonly inputBytes: number
  readonly freeInputBytes: number
  /** Written and not taken yet. */
  readonly outputBytes: number
  /** `r`: is read from, `w`: waits to be written to. */
  readonly events: string
}

/** Of a caller in this process. */
export const NO_OUTPUT_STATE: OutputState = {
  localAddress: '',
  descriptor: -1,
  inputBytes: 0,
  freeInputBytes: 0,
  outputBytes: 0,
  events: '',
}

/** Of a caller that takes nothing but the reply to the command it called. */
const NO_OUTPUT: ClientOutput = {
  beginReply: () => {
    throw new Error('this client cannot wait')
  },
  endReply: () => undefined,
  endMessage: () => undefined,
  push: () => undefined,
  release: () => undefined,
  close: () => undefined,
  heldBytes: 0,
  state: () => NO_OUTPUT_STATE,
}

/** What a client listens to, by name (channel-service.ts). */
export type Subscriptions = Readonly<Record<ChannelKind, Set<string>>>

export interface ClientOptions {
  readonly id: number
  readonly address: string
  readonly nowMs: number
  readonly isEmbedded: boolean
  readonly isTrusted?: boolean
}

/** One who sends commands: a connection, or a caller in this process. */
export class Client {
  readonly id: number
  readonly address: string
  readonly createdMs: number
  /** A caller in this process. */
  readonly isEmbedded: boolean
  /** May do everything unless it logs in as a user: a caller in this process, or the primary that is followed. */
  readonly isTrusted: boolean
  /** Bits of CLIENT_STATE. */
  state = 0
  databaseIndex = 0
  protocol: 2 | 3 = 2
  name = ''
  /** After the reply to the current command, the connection ends. */
  isClosing = false
  lastCommand = 'NULL'
  lastCommandMs: number
  replyMode: ReplyMode = 'on'
  /** Takes one reply per command: in EXEC, in a script, or called from this process. What would wait gives up. */
  deniesBlocking: boolean
  /** From MULTI to EXEC. */
  transaction: Transaction | undefined
  /** What it waits for. */
  waiter: Waiter | undefined
  /** Keys of WATCH, by database; their table is the engine's (transaction.ts). */
  watchedKeys: Map<string, WatchedKey> | undefined
  /** A watched key was touched: EXEC does nothing. */
  isDirty = false
  subscriptions: Subscriptions | undefined
  output: ClientOutput = NO_OUTPUT
  /** Whose script calls, when a script does. */
  caller: Client | undefined
  /** Its commands were run before, by a primary or in the log: they are done as they are, whatever that takes. */
  isReplaying = false
  /** Whom it has logged in as, or would be let in as; nobody: it may do everything. */
  user: ClientUser | undefined
  /** Has shown a password, or came when none was needed. Whether it needs to is a bit of `state`. */
  hasLoggedIn = true
  /** CLIENT NO-EVICT. */
  isKeptFromEviction = false
  /** What client-memory.ts has counted for it, and as what. */
  countedBytes = 0
  countedAs: CountedAs = 'nothing'
  /** Where the replication stream was when its last command had run: WAIT waits for that. */
  streamOffset = 0
  /** Of a replica: what of the stream it has not been sent. */
  waitingStreamBytes = 0
  /** Called when everything that was written to it has been taken. */
  onDrained: (() => void) | undefined
  /** Called for an empty line, with which a replica that loads says that it is there. */
  onEmptyLine: (() => void) | undefined

  constructor(options: ClientOptions) {
    this.id = options.id
    this.address = options.address
    this.createdMs = options.nowMs
    this.lastCommandMs = options.nowMs
    this.isEmbedded = options.isEmbedded
    this.isTrusted = options.isEmbedded || options.isTrusted === true
    this.deniesBlocking = options.isEmbedded
  }

  /** Channels and patterns it listens to, or channels of slots: SUBSCRIBE and SSUBSCRIBE count apart. */
  subscriptionCount(isShard: boolean): number {
    const { subscriptions } = this
    if (subscriptions === undefined) return 0
    return isShard
      ? subscriptions.shard.size
      : subscriptions.channel.size + subscriptions.pattern.size
  }

  get isAuthenticated(): boolean {
    return (this.state & CLIENT_STATE.unauthenticated) === 0
  }

  setReplyMode(mode: ReplyMode): void {
    this.replyMode = mode
    this.set(CLIENT_STATE.muted, mode !== 'on')
  }

  is(state: ClientState): boolean {
    return (this.state & state) !== 0
  }

  set(state: ClientState, isOn: boolean): void {
    this.state = isOn ? this.state | state : this.state & ~state
  }
}

export interface WatchedKey {
  readonly databaseIndex: number
  readonly key: Buffer
  /** It was past its instant when WATCH came, though still held: its going is no change. */
  isExpired: boolean
}

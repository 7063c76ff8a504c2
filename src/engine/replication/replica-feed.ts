import { printable } from '../../shared/printable.ts'
import type { Client } from '../execution/client.ts'
import type { SaveTarget } from '../persistence/save-target.ts'
import type { CopyReader } from './copy-flow.ts'
import type { NodeAddress } from './node-address.ts'
import type { StreamReader } from './stream-blocks.ts'

/** As INFO tells it: waits for the end of a snapshot, which it may be sent meanwhile; is sent one; gets the stream. */
export type FeedState = 'wait_bgsave' | 'send_bulk' | 'online'

/** Pieces of a copy are handed to the socket while it holds less than this. */
const UNSENT_BYTES_MAX = 256 * 1_024

/** What a client has said of itself with REPLCONF, before SYNC or PSYNC or after. */
export interface ReplicaSettings {
  /** Where it listens itself; 0 when it has not said. */
  port: number
  /** Where it can be reached, when it is not where it comes from. */
  address: string
  /** Understands a copy of unknown length. */
  takesEndMark: boolean
  /** Understands another replication id in CONTINUE. */
  takesNewId: boolean
  /** Wants a copy and no stream. */
  isCopyOnly: boolean
  /** REPLCONF rdb-filter-only: what a copy holds. */
  copiesKeys: boolean
  copiesFunctions: boolean
}

export function newReplicaSettings(): ReplicaSettings {
  return {
    port: 0,
    address: '',
    takesEndMark: false,
    takesNewId: false,
    isCopyOnly: false,
    copiesKeys: true,
    copiesFunctions: true,
  }
}

/** A copy of everything on its way to the replicas that share it. */
export interface ReplicaCopy extends SaveTarget {
  /** Ends with a mark, and is sent while it is taken. */
  readonly hasEndMark: boolean
  /** Whether nothing has been sent: one that comes late gets the same. */
  readonly isOpen: boolean
  /** Replicas that get it. */
  readonly size: number
  /** While it is open. */
  add(feed: ReplicaFeed): void
  /** Its connection is gone. */
  remove(feed: ReplicaFeed): void
  /** A replica has taken something. */
  readOn(): void
}

/** A client that is a replica of this engine: what it has been sent, and what it says it has. */
export class ReplicaFeed {
  readonly client: Client
  readonly settings: ReplicaSettings
  /** Sends acknowledgements: not one that came with SYNC, such as redis-cli. */
  readonly acknowledges: boolean
  state: FeedState = 'wait_bgsave'
  /** What it says it has. */
  acknowledgedOffset = 0
  acknowledgedAtMs: number
  /** When it asked. */
  readonly askedAtMs: number
  /** When the socket last took something of the copy. */
  progressAtMs: number
  /** From the copy's instant on. */
  reader: StreamReader | undefined
  /** It gets no stream before it has acknowledged the copy, whose end it finds by a mark. */
  startsOnAcknowledgement = false
  /** The one that it waits for, or gets. */
  copy: ReplicaCopy | undefined
  #copyReader: CopyReader | undefined
  #onCopied: () => void = () => undefined

  constructor(options: {
    readonly client: Client
    readonly settings: ReplicaSettings
    readonly acknowledges: boolean
    readonly nowMs: number
  }) {
    this.client = options.client
    this.settings = options.settings
    this.acknowledges = options.acknowledges
    this.acknowledgedAtMs = options.nowMs
    this.askedAtMs = options.nowMs
    this.progressAtMs = options.nowMs
  }

  /** Where clients can reach it, as far as it is known. */
  get host(): string {
    return hostOf(this.client, this.settings)
  }

  /** Where it says that it listens. */
  get address(): NodeAddress {
    return { host: this.host, port: this.settings.port }
  }

  /** As the log names it. */
  get name(): string {
    return replicaName(this.client, this.settings)
  }

  /** A copy is on its way to it. */
  get isSentCopy(): boolean {
    return this.#copyReader !== undefined
  }

  /** Bytes of the stream that it has not been sent. */
  get waitingBytes(): number {
    return this.reader?.waitingBytes ?? 0
  }

  /** Sends a copy as fast as the socket takes it; `onCopied` when the last piece is on its way. */
  sendCopy(copy: CopyReader, onCopied: () => void): void {
    this.#copyReader = copy
    this.#onCopied = onCopied
  }

  /** Goes on with the copy, or the stream; what is handed over leaves at the end of the turn. */
  pump(nowMs: number): void {
    if (this.#copyReader !== undefined) this.#sendCopy(this.#copyReader, nowMs)
    if (this.state === 'online' && !this.startsOnAcknowledgement) this.#sendStream()
  }

  #sendCopy(copy: CopyReader, nowMs: number): void {
    const { output } = this.client
    while (output.state().outputBytes < UNSENT_BYTES_MAX) {
      this.progressAtMs = nowMs
      const piece = copy.next()
      if (piece === undefined) break
      output.push(piece)
    }
    this.copy?.readOn()
    if (!copy.isAtEnd) return
    this.#copyReader = undefined
    this.copy = undefined
    this.#onCopied()
  }

  #sendStream(): void {
    const { reader } = this
    for (let piece = reader?.next(); piece !== undefined; piece = reader?.next()) {
      this.client.output.push(piece)
    }
  }
}

function hostOf({ address }: Client, settings: ReplicaSettings): string {
  return settings.address === '' ? address.slice(0, address.lastIndexOf(':')) : settings.address
}

/** How the log names a client that is a replica, or wants to be one (replication.c, replicationGetSlaveName). */
export function replicaName(client: Client, settings: ReplicaSettings): string {
  return `${printable(hostOf(client, settings))}:${settings.port || '<unknown-replica-port>'}`
}

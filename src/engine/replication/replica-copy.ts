import type { SaveTarget } from '../persistence/save-target.ts'
import { CopyFlow, type CopyReader } from './copy-flow.ts'
import type { ReplicaFeed } from './replica-feed.ts'
import type { StreamReader } from './stream-blocks.ts'

/** So much may wait for the slowest replica before the snapshot does: what is written down waits in memory. */
const WAITING_BYTES_MAX = 1_024 * 1_024

export interface ReplicaCopyOptions {
  /** Stands behind the copy; without one its length stands before it, and nothing is sent before all is there. */
  readonly endMark: string | undefined
  /** What follows the copy, from its first byte on. */
  readonly stream: StreamReader
  /** The copy's instant, as FULLRESYNC tells it. */
  readonly id: string
  readonly offset: number
  /** There is something to be sent. */
  readonly onProgress: () => void
  /** A replica has been handed the last byte. */
  readonly onCopied: (feed: ReplicaFeed) => void
}

/** A copy of everything on its way to the replicas that share it. */
export class ReplicaCopy implements SaveTarget {
  readonly hasFailed = false
  readonly #options: ReplicaCopyOptions
  readonly #feeds = new Map<ReplicaFeed, CopyReader>()
  readonly #flow = new CopyFlow()
  /** The first byte of all, and of what follows the copy: held while somebody may still come. */
  #start: { readonly copy: CopyReader; readonly stream: StreamReader } | undefined
  #goOn: (() => void) | undefined

  constructor(options: ReplicaCopyOptions) {
    this.#options = options
    const { endMark, stream } = options
    this.#start = { copy: this.#flow.reader(), stream }
    if (endMark !== undefined) this.#flow.append(Buffer.from(`$EOF:${endMark}\r\n`))
  }

  get hasEndMark(): boolean {
    return this.#options.endMark !== undefined
  }

  /** Whether nothing has been sent: one that comes late gets the same. */
  get isOpen(): boolean {
    return this.#start !== undefined
  }

  get isEmpty(): boolean {
    return this.#feeds.size === 0
  }

  /** While it is open. */
  add(feed: ReplicaFeed): void {
    const { id, offset } = this.#options
    if (this.#start === undefined) return
    const { copy, stream } = this.#start
    if (feed.acknowledges) feed.client.output.push(Buffer.from(`+FULLRESYNC ${id} ${offset}\r\n`))
    if (!feed.settings.isCopyOnly) feed.reader = stream.branch()
    feed.copy = this
    this.#feeds.set(feed, copy.branch())
  }

  /** Nobody comes any more: those who are there get it. */
  send(): void {
    this.#start = undefined
    for (const feed of this.#feeds.keys()) this.#sendTo(feed)
  }

  /** Its connection is gone. */
  remove(feed: ReplicaFeed): void {
    if (this.#feeds.delete(feed)) this.readOn()
  }

  /** The slowest replica may have taken something. */
  readOn(): void {
    if (this.isCongested) return
    this.#goOn?.()
    this.#goOn = undefined
  }

  get isCongested(): boolean {
    if (!this.hasEndMark) return false
    for (const reader of this.#feeds.values()) {
      if (reader.waitingBytes > WAITING_BYTES_MAX) return true
    }
    return false
  }

  write(bytes: Uint8Array): void {
    this.#flow.append(bytes)
    if (this.hasEndMark) this.#options.onProgress()
  }

  async drained(): Promise<void> {
    if (!this.isCongested) return
    await new Promise<void>((resolve) => {
      this.#goOn = resolve
    })
  }

  /** All of the snapshot is there. */
  commit(): Promise<void> {
    const { endMark, onProgress } = this.#options
    if (endMark !== undefined) this.#flow.append(Buffer.from(endMark))
    this.#flow.complete()
    if (endMark === undefined) this.send()
    onProgress()
    return Promise.resolve()
  }

  discard(): Promise<void> {
    this.#feeds.clear()
    return Promise.resolve()
  }

  #sendTo(feed: ReplicaFeed): void {
    const reader = this.#feeds.get(feed)
    if (reader === undefined) return
    if (!this.hasEndMark) feed.client.output.push(Buffer.from(`$${this.#flow.length}\r\n`))
    feed.sendCopy(reader, () => {
      this.#feeds.delete(feed)
      this.#options.onCopied(feed)
    })
  }
}

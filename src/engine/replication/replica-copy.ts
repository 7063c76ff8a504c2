import type { CopyFile } from './copy-file.ts'
import { CopyFlow, type FlowReader } from './copy-flow.ts'
import type { ReplicaCopy, ReplicaFeed } from './replica-feed.ts'
import type { StreamReader } from './stream-blocks.ts'

/** So much may wait for the slowest replica before the snapshot does: what is written down waits in memory. */
const WAITING_BYTES_MAX = 1_024 * 1_024

export interface ReplicaCopyOptions {
  /** What follows the copy, from its first byte on. */
  readonly stream: StreamReader
  /** The copy's instant, as FULLRESYNC tells it. */
  readonly id: string
  readonly offset: number
  /** There is something to be sent. */
  readonly onProgress: () => void
  /** Nothing more comes: so many replicas are still there to get the last of it. */
  readonly onStreamed: (count: number) => void
  /** A replica has been handed the last byte. */
  readonly onCopied: (feed: ReplicaFeed) => void
}

/** Sent as fast as the slowest replica takes it, while it is taken; its end is told by a mark. */
export class StreamedCopy implements ReplicaCopy {
  readonly hasEndMark = true
  readonly hasFailed = false
  isOpen = true
  readonly #options: ReplicaCopyOptions
  readonly #endMark: string
  readonly #feeds = new Map<ReplicaFeed, FlowReader>()
  readonly #flow = new CopyFlow()
  #goOn: (() => void) | undefined

  constructor(endMark: string, options: ReplicaCopyOptions) {
    this.#options = options
    this.#endMark = endMark
  }

  get size(): number {
    return this.#feeds.size
  }

  add(feed: ReplicaFeed): void {
    announce(feed, this.#options)
    feed.copy = this
    this.#feeds.set(feed, this.#flow.reader())
  }

  /** Nobody comes any more: those who are there get it. */
  begin(): void {
    this.isOpen = false
    this.#flow.append(Buffer.from(`$EOF:${this.#endMark}\r\n`))
    for (const [feed, reader] of this.#feeds) {
      feed.sendCopy(reader, () => {
        this.#feeds.delete(feed)
        this.#options.onCopied(feed)
      })
    }
  }

  remove(feed: ReplicaFeed): void {
    if (this.#feeds.delete(feed)) this.readOn()
  }

  readOn(): void {
    if (this.isCongested) return
    this.#goOn?.()
    this.#goOn = undefined
  }

  get isCongested(): boolean {
    for (const reader of this.#feeds.values()) {
      if (reader.waitingBytes > WAITING_BYTES_MAX) return true
    }
    return false
  }

  write(bytes: Uint8Array): void {
    this.#flow.append(bytes)
    this.#options.onProgress()
  }

  async drained(): Promise<void> {
    if (!this.isCongested) return
    await new Promise<void>((resolve) => {
      this.#goOn = resolve
    })
  }

  complete(): Promise<void> {
    return Promise.resolve()
  }

  commit(): Promise<void> {
    this.#flow.append(Buffer.from(this.#endMark))
    this.#flow.complete()
    this.#options.onStreamed(this.size)
    this.#options.onProgress()
    return Promise.resolve()
  }

  discard(): Promise<void> {
    return Promise.resolve()
  }
}

/** Its length stands before it: nothing is sent before all of it is there, in a file. */
export class StoredCopy implements ReplicaCopy {
  readonly hasEndMark = false
  isOpen = true
  readonly #options: ReplicaCopyOptions
  readonly #file: CopyFile
  readonly #feeds = new Set<ReplicaFeed>()
  /** The first byte of what follows: held while somebody may still come. */
  #stream: StreamReader | undefined

  constructor(file: CopyFile, options: ReplicaCopyOptions) {
    this.#options = options
    this.#file = file
    this.#stream = options.stream
  }

  get size(): number {
    return this.#feeds.size
  }

  get hasFailed(): boolean {
    return this.#file.hasFailed
  }

  get isCongested(): boolean {
    return this.#file.isCongested
  }

  add(feed: ReplicaFeed): void {
    if (this.#stream === undefined) return
    announce(feed, { ...this.#options, stream: this.#stream })
    feed.copy = this
    this.#feeds.add(feed)
  }

  remove(feed: ReplicaFeed): void {
    if (this.#feeds.delete(feed)) this.#closeIfUnused()
  }

  readOn(): void {
    return
  }

  write(bytes: Uint8Array, free: (bytes: Uint8Array) => void): void {
    this.#file.write(bytes, free)
  }

  drained(): Promise<void> {
    return this.#file.drained()
  }

  async complete(): Promise<void> {
    try {
      await this.#file.complete()
    } catch (error) {
      await this.discard()
      throw error
    }
  }

  commit(): Promise<void> {
    this.isOpen = false
    this.#stream = undefined
    for (const feed of this.#feeds) this.#sendTo(feed)
    this.#closeIfUnused()
    this.#options.onProgress()
    return Promise.resolve()
  }

  async discard(): Promise<void> {
    await this.#file.close()
  }

  #sendTo(feed: ReplicaFeed): void {
    feed.client.output.push(Buffer.from(`$${this.#file.length}\r\n`))
    feed.state = 'send_bulk'
    feed.sendCopy(this.#file.reader(), () => {
      this.#feeds.delete(feed)
      this.#closeIfUnused()
      this.#options.onCopied(feed)
    })
  }

  #closeIfUnused(): void {
    if (this.isOpen || this.size > 0) return
    this.#file.close().catch(() => undefined)
  }
}

/** It is told where the copy stands in the history, and holds what follows. */
function announce(feed: ReplicaFeed, { id, offset, stream }: ReplicaCopyOptions): void {
  if (feed.acknowledges) feed.client.output.push(Buffer.from(`+FULLRESYNC ${id} ${offset}\r\n`))
  if (!feed.settings.isCopyOnly) feed.reader = stream.branch()
}

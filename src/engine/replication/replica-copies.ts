import type { Logger } from '../../shared/logger.ts'
import type { Random } from '../../shared/random.ts'
import type { ConfigService } from '../execution/context.ts'
import type { BackgroundSave } from '../persistence/background-save.ts'
import type { CopyContent } from '../persistence/rdb-files.ts'
import type { SaveTarget } from '../persistence/save-target.ts'
import { CopyFile } from './copy-file.ts'
import { newEndMark } from './end-mark.ts'
import type { ReplicationHistory } from './history.ts'
import { StoredCopy, StreamedCopy } from './replica-copy.ts'
import type { ReplicaCopy, ReplicaFeed } from './replica-feed.ts'
import { type Replicas, secondsBetween } from './replicas.ts'
import type { ReplicationStream } from './replication-stream.ts'

/** Where copies come from: RDB files of all there is, taken in slices. */
export interface CopySource {
  /** Another snapshot is being taken: a copy with keys has to wait for its end. */
  readonly isBusy: boolean
  /** A path for a file that others have no use for. */
  temporaryPath(): string
  /** Of this instant; `run` it. */
  copy(target: SaveTarget, content: CopyContent): BackgroundSave
}

export interface ReplicaCopiesOptions {
  readonly replicas: Replicas
  readonly history: ReplicationHistory
  readonly stream: ReplicationStream
  readonly config: () => ConfigService
  readonly random: Random
  readonly log: Logger
  readonly processId: number
  readonly copies: () => CopySource
  readonly nowMs: () => number
  /** What the stream has selected: a replica of a replica is not told again. */
  readonly streamDatabase: () => number
  /** Pieces have come that replicas are to be sent. */
  readonly onProgress: () => void
  readonly onCopied: () => void
  /** A copy is due, now that another is through. */
  readonly onDue: () => void
}

/** The full copies that are being made, and for whom. */
export class ReplicaCopies {
  readonly #options: ReplicaCopiesOptions
  readonly #jobs = new Map<ReplicaCopy, { readonly wanted: string; readonly job: BackgroundSave }>()

  constructor(options: ReplicaCopiesOptions) {
    this.#options = options
  }

  /** True when a copy is to be begun at the end of this turn. */
  request(feed: ReplicaFeed): boolean {
    const { log } = this.#options
    if (this.#join(feed)) {
      log.info({}, 'Waiting for end of BGSAVE for SYNC')
      return false
    }
    if (this.#waitsForOthers(feed)) {
      log.info({}, 'Delay next BGSAVE for diskless SYNC')
      return false
    }
    return true
  }

  /** Whether those who wait have waited long enough for others to come (repl-diskless-sync-delay). */
  get isDue(): boolean {
    const waiting = this.#waiting()
    if (waiting.length === 0) return false
    const { nowMs } = this.#options
    const enough = this.#config.integer('repl-diskless-sync-max-replicas')
    const delay = this.#config.integer('repl-diskless-sync-delay')
    return (
      !this.#isDiskless ||
      (enough > 0 && waiting.length >= enough) ||
      waiting.some(({ askedAtMs }) => secondsBetween(askedAtMs, nowMs()) >= delay)
    )
  }

  /** Some are being made that somebody waits for. */
  get areWanted(): boolean {
    return [...this.#jobs.keys()].some(({ size }) => size > 0)
  }

  /** One copy for all who wait and want the same. */
  begin(): void {
    const groups = new Map<string, ReplicaFeed[]>()
    for (const feed of this.#waiting()) {
      groups.set(wantedBy(feed), [...(groups.get(wantedBy(feed)) ?? []), feed])
    }
    for (const group of groups.values()) this.#begin(group)
  }

  leave(feed: ReplicaFeed): void {
    const { copy } = feed
    if (copy === undefined) return
    feed.copy = undefined
    copy.remove(feed)
    const running = this.#jobs.get(copy)
    if (copy.size > 0 || running === undefined) return
    running.job.cancel()
    if (copy.hasEndMark) {
      const what = 'last replica dropped, killing fork child.'
      this.#options.log.warn({}, `Diskless rdb transfer, ${what}`)
    }
  }

  get #config(): ConfigService {
    return this.#options.config()
  }

  get #isDiskless(): boolean {
    return this.#config.value('repl-diskless-sync') === 'yes'
  }

  #waitsForOthers(feed: ReplicaFeed): boolean {
    const delay = this.#config.integer('repl-diskless-sync-delay')
    return this.#isDiskless && feed.settings.takesEndMark && delay > 0
  }

  /** Those who wait for a copy that has not begun. */
  #waiting(): readonly ReplicaFeed[] {
    return [...this.#options.replicas].filter(
      ({ copy, state }) => state === 'wait_bgsave' && copy === undefined,
    )
  }

  #begin(group: readonly ReplicaFeed[]): void {
    const [first] = group
    if (first === undefined) return
    const { copies, history, log, processId, stream } = this.#options
    const { copiesKeys, copiesFunctions } = first.settings
    const source = copies()
    if (copiesKeys && source.isBusy) {
      const what = 'No BGSAVE in progress, but another BG operation is active.'
      return log.info({}, `${what} BGSAVE for replication delayed`)
    }
    const isFiltered = !copiesKeys || !copiesFunctions
    const hasEndMark =
      (this.#isDiskless || isFiltered) && group.every(({ settings }) => settings.takesEndMark)
    const copy = this.#newCopy(hasEndMark)
    if (copy === undefined) return
    const where = hasEndMark ? 'replicas sockets' : 'disk'
    log.info({}, `Starting BGSAVE for SYNC with target: ${where}`)
    const position = {
      replicationId: history.id,
      offset: stream.offset,
      database: Math.max(0, this.#options.streamDatabase()),
    }
    // They do not know what has been selected.
    stream.forgetDatabase()
    const job = source.copy(copy, {
      position,
      hasKeys: copiesKeys,
      hasFunctions: copiesFunctions,
    })
    const what = hasEndMark ? 'Background RDB transfer' : 'Background saving'
    log.info({}, `${what} started by pid ${processId}`)
    for (const feed of group) copy.add(feed)
    if (copy instanceof StreamedCopy) copy.begin()
    this.#jobs.set(copy, { wanted: wantedBy(first), job })
    this.#run(copy, job)
  }

  #newCopy(hasEndMark: boolean): ReplicaCopy | undefined {
    const { copies, history, log, onProgress, random, stream } = this.#options
    const { offset } = stream
    const reader = stream.readerAt(offset + 1)
    if (reader === undefined) return undefined
    const options = {
      stream: reader,
      id: history.id,
      offset,
      onProgress,
      onStreamed: (count: number) =>
        log.warn({}, `Diskless rdb transfer, done reading from pipe, ${count} replicas still up.`),
      onCopied: (feed: ReplicaFeed) => this.#copied(feed, hasEndMark),
    }
    return hasEndMark
      ? new StreamedCopy(newEndMark(random), options)
      : new StoredCopy(new CopyFile(copies().temporaryPath()), options)
  }

  #run(copy: ReplicaCopy, job: BackgroundSave): void {
    job
      .run()
      .then((isWritten) => this.#ended(copy, isWritten))
      .catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error)
        this.#options.log.warn({ err: error }, `Background saving error: ${why}`)
        this.#ended(copy, false)
      })
      .finally(() => {
        this.#jobs.delete(copy)
        // Others may have waited for the end of this one.
        if (this.isDue) this.#options.onDue()
      })
  }

  #ended(copy: ReplicaCopy, isWritten: boolean): void {
    const { log, replicas } = this.#options
    if (isWritten) {
      const what = copy.hasEndMark ? 'Background RDB transfer' : 'Background saving'
      return log.info({}, `${what} terminated with success`)
    }
    for (const feed of replicas) {
      if (feed.copy !== copy) continue
      log.warn({}, 'SYNC failed. BGSAVE child returned an error')
      feed.client.output.close()
    }
  }

  /** Gets the one that is being made, when nothing of it has been sent. */
  #join(feed: ReplicaFeed): boolean {
    for (const [copy, { wanted }] of this.#jobs) {
      if (!copy.isOpen || copy.size === 0 || wanted !== wantedBy(feed)) continue
      copy.add(feed)
      return true
    }
    return false
  }

  #copied(feed: ReplicaFeed, hasEndMark: boolean): void {
    const { log, nowMs, onCopied } = this.#options
    feed.state = 'online'
    feed.acknowledgedAtMs = nowMs()
    feed.startsOnAcknowledgement = hasEndMark
    if (hasEndMark) {
      const next = 'Waiting for REPLCONF ACK from slave to enable streaming'
      log.info({}, `Streamed RDB transfer with replica ${feed.name} succeeded (socket). ${next}`)
    } else log.info({}, `Synchronization with replica ${feed.name} succeeded`)
    onCopied()
  }
}

/** What a copy is to hold. */
function wantedBy({ settings }: ReplicaFeed): string {
  return `${settings.copiesKeys} ${settings.copiesFunctions}`
}

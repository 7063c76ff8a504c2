import type { Logger } from '../../shared/logger.ts'
import type { Random } from '../../shared/random.ts'
import { CLIENT_STATE, type Client } from '../execution/client.ts'
import type { ConfigService } from '../execution/context.ts'
import type { SyncTotals } from '../execution/replication-service.ts'
import type { Turn, TurnTask } from '../execution/turn.ts'
import type { BackgroundSave } from '../persistence/background-save.ts'
import type { CopyContent } from '../persistence/rdb-files.ts'
import type { SaveTarget } from '../persistence/save-target.ts'
import { Acknowledgements } from './acknowledgements.ts'
import type { ReplicationHistory } from './history.ts'
import { ReplicaCopy } from './replica-copy.ts'
import { ReplicaFeed } from './replica-feed.ts'
import { Replicas, secondsBetween } from './replicas.ts'
import type { ReplicationStream } from './replication-stream.ts'

const END_MARK_BYTES = 20
const NEW_LINE = Buffer.from('\n')
const PING = ['PING']
const GET_ACKNOWLEDGEMENT = ['REPLCONF', 'GETACK', '*']

/** Where copies come from: RDB files of all there is, taken in slices. */
export interface CopySource {
  /** Another snapshot is being taken: a copy with keys has to wait for its end. */
  readonly isBusy: boolean
  /** Of this instant; `run` it. */
  copy(target: SaveTarget, content: CopyContent): BackgroundSave
}

export interface PrimaryOptions {
  readonly history: ReplicationHistory
  readonly stream: ReplicationStream
  readonly config: () => ConfigService
  readonly turn: Turn
  readonly random: Random
  readonly log: Logger
  readonly copies: () => CopySource
  /** Runs what is to be sent outside of a turn in one of its own. */
  readonly inTurn: (task: () => void) => void
  readonly onAcknowledged: () => void
  /** The instant of the turn. */
  readonly nowMs: () => number
  /** What the stream has selected: a replica of a replica is not told again. */
  readonly streamDatabase: () => number
  /** Nothing is written: no acknowledgements are asked for, which would be. */
  readonly isPaused: () => boolean
}

/** How a client asks: by SYNC, or by PSYNC with what it has. */
export interface SyncRequest {
  readonly client: Client
  readonly known: { readonly id: string; readonly offset: number } | undefined
}

/** Gives replicas what they ask for: the part of the stream they miss, or a copy and the stream from there. */
export class Primary implements TurnTask {
  readonly replicas = new Replicas()
  readonly totals: SyncTotals = { full: 0, partial: 0, partialRefused: 0 }
  readonly acknowledgements: Acknowledgements
  /** min-replicas-max-lag keeps so many from being too late. */
  goodCount = 0
  readonly #options: PrimaryOptions
  #isTurnTask = false
  #isAcknowledgementWanted = false
  #startsCopies = false
  #ticks = 0
  /** Under way, with what they hold. */
  readonly #copies = new Map<
    ReplicaCopy,
    { readonly wanted: string; readonly job: BackgroundSave }
  >()

  constructor(options: PrimaryOptions) {
    this.#options = options
    this.acknowledgements = new Acknowledgements(this.replicas)
    options.stream.onAppended(() => this.#addTurnTask())
  }

  /** Gives what PSYNC answers at once, when the stream goes on; nothing when a copy comes first. */
  sync({ client, known }: SyncRequest): string | undefined {
    const { history, log, stream } = this.#options
    const settings = this.replicas.settingsOf(client)
    const nowMs = this.#options.nowMs()
    const acknowledges = known !== undefined
    const feed = new ReplicaFeed({ client, settings, acknowledges, nowMs })
    log.info({ replica: nameOf(feed) }, 'a replica asks for synchronization')
    const reader = this.#readerFor(feed, known)
    if (reader !== undefined) {
      this.totals.partial += 1
      feed.reader = reader
      feed.state = 'online'
      this.#add(feed)
      this.refreshGoodCount()
      return settings.takesNewId ? `CONTINUE ${history.id}` : 'CONTINUE'
    }
    if (known !== undefined && !known.id.startsWith('?')) this.totals.partialRefused += 1
    this.totals.full += 1
    this.#add(feed)
    if (!stream.isActive) {
      // What was written before has not been counted: nobody may take this for the history it was.
      history.begin()
      stream.begin()
      log.info({ id: history.id }, 'the replication backlog is created, with a new replication id')
    }
    if (this.#joinCopy(feed)) log.info({}, 'the replica gets the copy that is being made')
    else if (this.#waitsForOthers(feed)) log.info({}, 'the copy waits for more replicas')
    else this.#startCopiesSoon()
    return undefined
  }

  /** REPLCONF ACK. */
  acknowledge(client: Client, offset: number): void {
    const feed = this.replicas.find(client)
    if (feed === undefined) return
    feed.acknowledgedOffset = Math.max(offset, feed.acknowledgedOffset)
    feed.acknowledgedAtMs = this.#options.nowMs()
    if (feed.startsOnAcknowledgement && feed.state === 'online') {
      feed.startsOnAcknowledgement = false
      this.#addTurnTask()
    }
    this.acknowledgements.serve()
    this.#options.onAcknowledged()
  }

  /** All replicas are asked how far they are, when the turn ends. */
  requestAcknowledgements(): void {
    this.#isAcknowledgementWanted = true
    this.#addTurnTask()
  }

  forget(client: Client): void {
    const feed = this.replicas.find(client)
    if (feed === undefined) return
    this.#leaveCopy(feed)
    this.replicas.remove(client, this.#options.nowMs())
    this.refreshGoodCount()
  }

  /** Copies under way are given up. */
  stop(): void {
    for (const feed of this.replicas) this.#leaveCopy(feed)
  }

  /** They are to come again, and ask for what they miss. */
  disconnectAll(): void {
    this.stop()
    this.replicas.disconnectAll(this.#options.nowMs())
  }

  /** The socket has taken what it was given. */
  drained(client: Client): void {
    const feed = this.replicas.find(client)
    if (feed !== undefined) this.#pump(feed)
  }

  /** Once a second. `isTop`: follows no primary itself, whose stream it would pass on. */
  tick(isTop: boolean): void {
    const { stream } = this.#options
    const isPingDue = this.#ticks % this.#config.integer('repl-ping-replica-period') === 0
    this.#ticks += 1
    if (isPingDue && isTop && this.replicas.size > 0 && !this.#options.isPaused()) {
      stream.message(PING)
    }
    for (const feed of this.replicas) {
      if (feed.state === 'send_bulk') this.#pump(feed)
      if (feed.state === 'wait_bgsave') feed.client.output.push(NEW_LINE)
      else this.#disconnectIfLate(feed)
    }
    this.#endIdleBacklog(isTop)
    if (this.#isCopyDue()) this.#startCopiesSoon()
    this.refreshGoodCount()
  }

  refreshGoodCount(): void {
    const lagSecondsMax = this.#config.integer('min-replicas-max-lag')
    this.goodCount = this.replicas.countGood(this.#options.nowMs(), lagSecondsMax)
  }

  atTurnEnd(): void {
    this.#isTurnTask = false
    if (this.#startsCopies) this.#startCopies()
    if (this.#isAcknowledgementWanted && !this.#options.isPaused()) {
      this.#isAcknowledgementWanted = false
      this.#options.stream.message(GET_ACKNOWLEDGEMENT)
    }
    this.#pumpAll()
  }

  get #config(): ConfigService {
    return this.#options.config()
  }

  #addTurnTask(): void {
    if (this.#isTurnTask) return
    this.#isTurnTask = true
    this.#options.turn.add(this)
  }

  #add(feed: ReplicaFeed): void {
    const { client } = feed
    this.replicas.add(feed)
    client.set(CLIENT_STATE.replica, true)
    client.onDrained = () => this.drained(client)
    this.#addTurnTask()
  }

  #pump(feed: ReplicaFeed): void {
    feed.pump(this.#options.nowMs())
    feed.client.waitingStreamBytes = feed.waitingBytes
    const isDone = feed.settings.isCopyOnly && feed.state === 'online'
    if (isDone && feed.client.output.state().outputBytes === 0) feed.client.output.close()
  }

  /** From what it knows on, when that is this history and the backlog goes back so far. */
  #readerFor(feed: ReplicaFeed, known: SyncRequest['known']): ReplicaFeed['reader'] {
    if (known === undefined) return undefined
    const { history, log, stream } = this.#options
    const name = nameOf(feed)
    if (!history.includes(known.id, known.offset)) {
      const reason = known.id.startsWith('?') ? 'it asks for a copy' : 'its history is another'
      log.info({ replica: name, asked: known.id, ours: history.id }, `full copy: ${reason}`)
      return undefined
    }
    const reader = stream.readerAt(known.offset)
    if (reader === undefined) {
      log.info({ replica: name, asked: known.offset }, 'full copy: the backlog does not go so far')
    } else {
      log.info({ replica: name, bytes: reader.waitingBytes }, 'partial resynchronization accepted')
    }
    return reader
  }

  #isDiskless(): boolean {
    return this.#config.value('repl-diskless-sync') === 'yes'
  }

  #waitsForOthers(feed: ReplicaFeed): boolean {
    const delay = this.#config.integer('repl-diskless-sync-delay')
    return this.#isDiskless() && feed.settings.takesEndMark && delay > 0
  }

  /** Whether those who wait have waited long enough for others to come (repl-diskless-sync-delay). */
  #isCopyDue(): boolean {
    const waiting = this.#waiting()
    if (waiting.length === 0) return false
    const { nowMs } = this.#options
    const enough = this.#config.integer('repl-diskless-sync-max-replicas')
    const delay = this.#config.integer('repl-diskless-sync-delay')
    return (
      !this.#isDiskless() ||
      (enough > 0 && waiting.length >= enough) ||
      waiting.some(({ askedAtMs }) => secondsBetween(askedAtMs, nowMs()) >= delay)
    )
  }

  #startCopiesSoon(): void {
    this.#startsCopies = true
    this.#addTurnTask()
  }

  /** Those who wait for a copy that has not begun. */
  #waiting(): readonly ReplicaFeed[] {
    return [...this.replicas].filter(
      ({ copy, state }) => state === 'wait_bgsave' && copy === undefined,
    )
  }

  /** One copy for all who wait and want the same. */
  #startCopies(): void {
    this.#startsCopies = false
    const groups = new Map<string, ReplicaFeed[]>()
    for (const feed of this.#waiting()) {
      groups.set(wantedBy(feed), [...(groups.get(wantedBy(feed)) ?? []), feed])
    }
    for (const group of groups.values()) this.#startCopy(group)
  }

  #startCopy(group: readonly ReplicaFeed[]): void {
    const [first] = group
    if (first === undefined) return
    const { copies, history, log, random, stream } = this.#options
    const { copiesKeys, copiesFunctions } = first.settings
    const source = copies()
    if (copiesKeys && source.isBusy) return log.info({}, 'the copy waits for a save under way')
    const isFiltered = !copiesKeys || !copiesFunctions
    const hasEndMark =
      (this.#isDiskless() || isFiltered) && group.every(({ settings }) => settings.takesEndMark)
    const { offset } = stream
    const reader = stream.readerAt(offset + 1)
    if (reader === undefined) return
    log.info({ replicas: group.length, hasEndMark }, 'a copy for replicas begins')
    const position = {
      replicationId: history.id,
      offset,
      database: Math.max(0, this.#options.streamDatabase()),
    }
    // They do not know what has been selected.
    stream.forgetDatabase()
    const copy = new ReplicaCopy({
      endMark: hasEndMark ? random.bytes(END_MARK_BYTES).toString('hex') : undefined,
      stream: reader,
      id: history.id,
      offset,
      onProgress: () => this.#options.inTurn(() => this.#pumpAll()),
      onCopied: (feed) => this.#copied(feed, hasEndMark),
    })
    const content = { position, hasKeys: copiesKeys, hasFunctions: copiesFunctions }
    const job = source.copy(copy, content)
    for (const feed of group) copy.add(feed)
    if (hasEndMark) copy.send()
    this.#copies.set(copy, { wanted: wantedBy(first), job })
    this.#run(copy, job)
  }

  #run(copy: ReplicaCopy, job: BackgroundSave): void {
    const { log } = this.#options
    job
      .run()
      .then((isWritten) => {
        if (!isWritten) log.info({}, 'a copy for replicas is given up: nobody waits for it')
      })
      .catch((error: unknown) => {
        log.error({ err: error }, 'a copy for replicas failed')
        for (const feed of this.replicas) if (feed.copy === copy) feed.client.output.close()
      })
      .finally(() => {
        this.#copies.delete(copy)
        // Others may have waited for the end of this one.
        if (this.#isCopyDue()) this.#options.inTurn(() => this.#startCopiesSoon())
      })
  }

  /** Gets the one that is being made, when nothing of it has been sent. */
  #joinCopy(feed: ReplicaFeed): boolean {
    for (const [copy, { wanted }] of this.#copies) {
      if (!copy.isOpen || copy.isEmpty || wanted !== wantedBy(feed)) continue
      copy.add(feed)
      return true
    }
    return false
  }

  #leaveCopy(feed: ReplicaFeed): void {
    const { copy } = feed
    if (copy === undefined) return
    feed.copy = undefined
    copy.remove(feed)
    if (copy.isEmpty) this.#copies.get(copy)?.job.cancel()
  }

  #pumpAll(): void {
    for (const feed of this.replicas) this.#pump(feed)
  }

  #copied(feed: ReplicaFeed, hasEndMark: boolean): void {
    feed.state = 'online'
    feed.acknowledgedAtMs = this.#options.nowMs()
    feed.startsOnAcknowledgement = hasEndMark && feed.acknowledges
    this.refreshGoodCount()
    this.#options.log.info({ replica: nameOf(feed) }, 'the copy for a replica has been sent')
  }

  #disconnectIfLate(feed: ReplicaFeed): void {
    const { log, nowMs } = this.#options
    if (feed.state === 'online' && !feed.acknowledges) return
    const sinceMs = feed.state === 'online' ? feed.acknowledgedAtMs : feed.progressAtMs
    if (secondsBetween(sinceMs, nowMs()) <= this.#config.integer('repl-timeout')) return
    log.warn({ replica: nameOf(feed), state: feed.state }, 'disconnecting a replica: timeout')
    feed.client.output.close()
  }

  /** repl-backlog-ttl. Replicas keep theirs: they may be promoted. */
  #endIdleBacklog(isTop: boolean): void {
    const { history, log, nowMs, stream } = this.#options
    const ttlSeconds = this.#config.integer('repl-backlog-ttl')
    if (!isTop || this.replicas.size > 0 || !stream.isActive || ttlSeconds === 0) return
    if (secondsBetween(this.replicas.noneSinceMs, nowMs()) <= ttlSeconds) return
    // From now on writes are not counted: no one may go on from this history.
    history.begin()
    stream.end()
    log.info({ ttlSeconds }, 'the replication backlog is freed: no replica has been here')
  }
}

function nameOf(feed: ReplicaFeed): string {
  return `${feed.host}:${feed.settings.port || '<unknown-replica-port>'}`
}

/** What a copy is to hold. */
function wantedBy({ settings }: ReplicaFeed): string {
  return `${settings.copiesKeys} ${settings.copiesFunctions}`
}

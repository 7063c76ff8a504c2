import type { Logger } from '../../shared/logger.ts'
import type { Random } from '../../shared/random.ts'
import { CLIENT_STATE, type Client } from '../execution/client.ts'
import type { ConfigService } from '../execution/context.ts'
import type { SyncTotals } from '../execution/replication-service.ts'
import type { Turn, TurnTask } from '../execution/turn.ts'
import { Acknowledgements } from './acknowledgements.ts'
import type { ReplicationHistory } from './history.ts'
import { ReplicaFeed } from './replica-feed.ts'
import { Replicas, secondsBetween } from './replicas.ts'
import type { ReplicationStream } from './replication-stream.ts'

const END_MARK_BYTES = 20
const NEW_LINE = Buffer.from('\n')
const PING = ['PING']
const GET_ACKNOWLEDGEMENT = ['REPLCONF', 'GETACK', '*']

/** What a copy is made for and what it is to hold. */
export interface CopyRequest {
  readonly streamDatabase: number
  readonly replicationId: string
  readonly offset: number
  readonly hasKeys: boolean
  readonly hasFunctions: boolean
}

/** An RDB file of all there is now, in pieces. */
export type CopySource = (request: CopyRequest) => readonly Uint8Array[]

export interface PrimaryOptions {
  readonly history: ReplicationHistory
  readonly stream: ReplicationStream
  readonly config: () => ConfigService
  readonly turn: Turn
  readonly random: Random
  readonly log: Logger
  readonly copy: CopySource
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
    if (this.#waitsForOthers(feed)) log.info({}, 'the copy waits for more replicas')
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
    if (this.replicas.remove(client, this.#options.nowMs())) this.refreshGoodCount()
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
    for (const feed of this.replicas) this.#pump(feed)
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
    const waiting = [...this.replicas].filter(({ state }) => state === 'wait_bgsave')
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

  /** One copy for all who wait and want the same. */
  #startCopies(): void {
    this.#startsCopies = false
    const waiting = [...this.replicas].filter(({ state }) => state === 'wait_bgsave')
    const groups = new Map<string, ReplicaFeed[]>()
    for (const feed of waiting) {
      const wanted = `${feed.settings.copiesKeys} ${feed.settings.copiesFunctions}`
      groups.set(wanted, [...(groups.get(wanted) ?? []), feed])
    }
    for (const group of groups.values()) this.#startCopy(group)
  }

  #startCopy(group: readonly ReplicaFeed[]): void {
    const [first] = group
    if (first === undefined) return
    const { history, log, stream, random } = this.#options
    const { copiesKeys, copiesFunctions } = first.settings
    const isFiltered = !copiesKeys || !copiesFunctions
    const hasEndMark =
      (this.#isDiskless() || isFiltered) && group.every(({ settings }) => settings.takesEndMark)
    const { offset } = stream
    log.info({ replicas: group.length, hasEndMark }, 'a copy for replicas begins')
    const pieces = this.#options.copy({
      streamDatabase: Math.max(0, this.#options.streamDatabase()),
      replicationId: history.id,
      offset,
      hasKeys: copiesKeys,
      hasFunctions: copiesFunctions,
    })
    // They do not know what has been selected.
    stream.forgetDatabase()
    const mark = random.bytes(END_MARK_BYTES).toString('hex')
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
    const head = Buffer.from(hasEndMark ? `$EOF:${mark}\r\n` : `$${length}\r\n`)
    const all = hasEndMark ? [head, ...pieces, Buffer.from(mark)] : [head, ...pieces]
    for (const feed of group) {
      if (feed.acknowledges) {
        feed.client.output.push(Buffer.from(`+FULLRESYNC ${history.id} ${offset}\r\n`))
      }
      if (!feed.settings.isCopyOnly) feed.reader = stream.readerAt(offset + 1)
      feed.sendCopy(all.values(), () => this.#copied(feed, hasEndMark))
    }
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

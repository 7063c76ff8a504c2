import type { Logger } from '../../shared/logger.ts'
import { printable } from '../../shared/printable.ts'
import type { Random } from '../../shared/random.ts'
import { CLIENT_STATE, type Client } from '../execution/client.ts'
import type { ConfigService } from '../execution/context.ts'
import type { SyncTotals } from '../execution/replication-service.ts'
import type { Turn, TurnTask } from '../execution/turn.ts'
import { Acknowledgements } from './acknowledgements.ts'
import type { ReplicationHistory } from './history.ts'
import { type CopySource, ReplicaCopies } from './replica-copies.ts'
import { ReplicaFeed } from './replica-feed.ts'
import { Replicas, secondsBetween } from './replicas.ts'
import type { ReplicationStream } from './replication-stream.ts'

const NEW_LINE = Buffer.from('\n')
const PING = ['PING']
const GET_ACKNOWLEDGEMENT = ['REPLCONF', 'GETACK', '*']

export interface PrimaryOptions {
  readonly history: ReplicationHistory
  readonly stream: ReplicationStream
  readonly config: () => ConfigService
  readonly turn: Turn
  readonly random: Random
  readonly log: Logger
  readonly processId: number
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

/** What a replica has, and the next byte it wants. */
interface KnownPosition {
  readonly id: string
  readonly offset: number
}

/** How a client asks: by SYNC, or by PSYNC with what it has. */
export interface SyncRequest {
  readonly client: Client
  readonly known: KnownPosition | undefined
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
  readonly #copies: ReplicaCopies

  constructor(options: PrimaryOptions) {
    this.#options = options
    this.acknowledgements = new Acknowledgements(this.replicas)
    const { inTurn } = options
    this.#copies = new ReplicaCopies({
      ...options,
      replicas: this.replicas,
      onProgress: () => inTurn(() => this.#pumpAll()),
      onCopied: () => this.refreshGoodCount(),
      onDue: () => inTurn(() => this.#startCopiesSoon()),
    })
    options.stream.onAppended(() => this.#addTurnTask())
  }

  /** Gives what PSYNC answers at once, when the stream goes on; nothing when a copy comes first. */
  sync({ client, known }: SyncRequest): string | undefined {
    const { history, log, stream } = this.#options
    const settings = this.replicas.settingsOf(client)
    const nowMs = this.#options.nowMs()
    const acknowledges = known !== undefined
    const feed = new ReplicaFeed({ client, settings, acknowledges, nowMs })
    log.info({}, `Replica ${feed.name} asks for synchronization`)
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
      const ids = `'${history.id}' and '${history.secondId}'`
      log.info({}, `Replication backlog created, my new replication IDs are ${ids}`)
    }
    if (this.#copies.request(feed)) this.#startCopiesSoon()
    return undefined
  }

  /** A full copy is on its way to somebody. */
  get isCopying(): boolean {
    return this.#copies.areWanted
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
    this.#options.log.warn({}, `Connection with replica ${feed.name} lost.`)
    this.#copies.leave(feed)
    this.replicas.remove(client, this.#options.nowMs())
    this.refreshGoodCount()
  }

  /** Copies under way are given up. */
  stop(): void {
    for (const feed of this.replicas) this.#copies.leave(feed)
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
      if (feed.isSentCopy) this.#pump(feed)
      const isKeptWaiting = feed.state === 'wait_bgsave' && !feed.isSentCopy
      if (isKeptWaiting) feed.client.output.push(NEW_LINE)
      else this.#disconnectIfLate(feed)
    }
    this.#endIdleBacklog(isTop)
    if (this.#copies.isDue) this.#startCopiesSoon()
    this.refreshGoodCount()
  }

  refreshGoodCount(): void {
    const lagSecondsMax = this.#config.integer('min-replicas-max-lag')
    this.goodCount = this.replicas.countGood(this.#options.nowMs(), lagSecondsMax)
  }

  atTurnEnd(): void {
    this.#isTurnTask = false
    if (this.#startsCopies) {
      this.#startsCopies = false
      this.#copies.begin()
    }
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
    client.onEmptyLine = () => {
      feed.acknowledgedAtMs = this.#options.nowMs()
    }
    this.#addTurnTask()
  }

  #pump(feed: ReplicaFeed): void {
    try {
      feed.pump(this.#options.nowMs())
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.#options.log.warn({ err: error }, `Read error sending DB to replica: ${why}`)
      feed.client.output.close()
    }
    feed.client.waitingStreamBytes = feed.waitingBytes
    const isDone = feed.settings.isCopyOnly && feed.state === 'online'
    if (isDone && feed.client.output.state().outputBytes === 0) feed.client.output.close()
  }

  /** From what it knows on, when that is this history and the backlog goes back so far. */
  #readerFor(feed: ReplicaFeed, known: SyncRequest['known']): ReplicaFeed['reader'] {
    if (known === undefined) return undefined
    const { history, log, stream } = this.#options
    if (!history.includes(known.id, known.offset)) {
      log.info({}, this.#mismatch(feed, known))
      return undefined
    }
    const reader = stream.readerAt(known.offset)
    if (reader === undefined) {
      const why = `for lack of backlog (Replica request was: ${known.offset}).`
      log.info({}, `Unable to partial resync with replica ${feed.name} ${why}`)
      if (known.offset > stream.offset) {
        const what = 'tried to PSYNC with an offset that is greater than the master replication'
        log.warn({}, `Warning: replica ${feed.name} ${what} offset.`)
      }
      return undefined
    }
    const sent = `Sending ${reader.waitingBytes} bytes of backlog starting from offset ${known.offset}.`
    log.info({}, `Partial resynchronization request from ${feed.name} accepted. ${sent}`)
    return reader
  }

  /** Why its history is none that can be gone on with. */
  #mismatch(feed: ReplicaFeed, { id, offset }: KnownPosition): string {
    if (id.startsWith('?')) return `Full resync requested by replica ${feed.name}`
    const { history } = this.#options
    const what = 'Partial resynchronization not accepted:'
    if (id.toLowerCase() === history.secondId) {
      return `${what} Requested offset for second ID was ${offset}, but I can reply up to ${history.secondOffset}`
    }
    const ids = `my replication IDs are '${history.id}' and '${history.secondId}'`
    return `${what} Replication ID mismatch (Replica asked for '${printable(id)}', ${ids})`
  }

  #startCopiesSoon(): void {
    this.#startsCopies = true
    this.#addTurnTask()
  }

  #pumpAll(): void {
    for (const feed of this.replicas) this.#pump(feed)
  }

  #disconnectIfLate(feed: ReplicaFeed): void {
    const { log, nowMs } = this.#options
    if (feed.state === 'online' && !feed.acknowledges) return
    const sinceMs = feed.state === 'online' ? feed.acknowledgedAtMs : feed.progressAtMs
    if (secondsBetween(sinceMs, nowMs()) <= this.#config.integer('repl-timeout')) return
    const phase = feed.state === 'online' ? 'streaming' : 'full'
    log.warn({}, `Disconnecting timedout replica (${phase} sync): ${feed.name}`)
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
    const what = `Replication backlog freed after ${ttlSeconds} seconds`
    log.info({}, `${what} without connected replicas.`)
  }
}

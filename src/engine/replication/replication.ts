import type { Socket } from 'node:net'
import type { Logger } from '../../shared/logger.ts'
import { printable } from '../../shared/printable.ts'
import type { Random } from '../../shared/random.ts'
import { integerArgument } from '../execution/arguments.ts'
import { CLIENT_STATE, type Client } from '../execution/client.ts'
import type { CommandContext, EngineServices } from '../execution/context.ts'
import type { Executor } from '../execution/executor.ts'
import type { Guard } from '../execution/guard.ts'
import type { PropagationSink } from '../execution/propagation.ts'
import type { ReplicationService, SyncTotals } from '../execution/replication-service.ts'
import type { Turn, TurnTask } from '../execution/turn.ts'
import { Rate } from '../introspection/rate.ts'
import type { StreamPosition } from '../persistence/rdb-files.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import type { CopyRequest, LoadedCopy } from './copy-loader.ts'
import { criticalError } from './critical-error.ts'
import { Failover } from './failover.ts'
import { ReplicationHistory } from './history.ts'
import type { NodeAddress } from './node-address.ts'
import { Primary } from './primary.ts'
import { replconf } from './replconf.ts'
import type { CopySource } from './replica-copies.ts'
import { replicaName } from './replica-feed.ts'
import { type LinkOwner, ReplicaLink } from './replica-link.ts'
import { ReplicationStream } from './replication-stream.ts'
import { replyWithRole } from './role.ts'
import { copyGuard, staleGuard, writeGuard } from './role-guard.ts'
import { StartPosition } from './start-position.ts'
import { wait } from './wait.ts'

const TICK_MS = 1_000
const ALREADY_FOLLOWING =
  'REPLICAOF would result into synchronization with the master we are already connected with. No operation performed.'
const MAY_GO_ON =
  'Before turning into a replica, using my own master parameters to synthesize a cached master: I may be able to synchronize with the new master with just a partial transfer.'
const PORT_MAX = 65_535

export interface ReplicationOptions {
  readonly random: Random
  readonly log: Logger
  readonly turn: Turn
  readonly copies: () => CopySource
  readonly checksSums: () => boolean
  readonly onFatal: (() => void) | undefined
  readonly load: (request: CopyRequest) => Promise<LoadedCopy>
  /** A client as CLIENT LIST tells it, for the log. */
  readonly describeClient: (client: Client, argv: ArgumentVector) => string
  readonly connect: (address: NodeAddress) => Socket
  /** Where this engine listens. */
  readonly port: () => number
  readonly processId: number
  /** Joined later. */
  readonly services: () => EngineServices
  readonly executor: () => Executor
}

/** The engine's part among others: what replicas get of it, and what it takes from a primary. */
export class Replication implements ReplicationService, LinkOwner, TurnTask {
  readonly history: ReplicationHistory
  readonly stream = new ReplicationStream()
  readonly primary: Primary
  /** For the list of all guards, in Redis' places. */
  readonly guards: { readonly write: Guard; readonly stale: Guard; readonly copy: Guard }
  readonly failoverState: Failover
  /** What the file that the engine starts with says of the stream. */
  readonly startPosition: StartPosition
  /** To the primary; undefined while this engine is one. */
  link: ReplicaLink | undefined
  streamDatabase = 0
  unexpectedErrors = 0
  receivedBytes = 0
  linkCount = 0
  /** `bufferBytes` as it was in the last cycle. */
  countedBufferBytes = 0
  readonly receivedRate = new Rate()
  loadingKind: ReplicationService['loadingKind'] = 'none'
  readonly #options: ReplicationOptions
  /** All data up to the stream's offset is that of the history, and the next byte may come. */
  #isContinuable = false
  #isHearing = false
  #tickedAtMs = 0
  readonly #roleListeners: (() => void)[] = []
  readonly #sink: PropagationSink = (databaseIndex, bytes, start, end) => {
    this.stream.encoded(databaseIndex, bytes, start, end)
    this.#services.propagation.streamOffset = this.stream.offset
  }

  constructor(options: ReplicationOptions) {
    this.#options = options
    this.history = new ReplicationHistory(options.random)
    const services = options.services
    this.startPosition = new StartPosition({
      history: this.history,
      stream: this.stream,
      isReplica: () => services().config.value('replicaof') !== '',
    })
    this.primary = new Primary({
      history: this.history,
      stream: this.stream,
      config: () => services().config,
      turn: options.turn,
      random: options.random,
      log: options.log,
      processId: options.processId,
      copies: options.copies,
      inTurn: (task) => this.#inTurn(task),
      streamDatabase: () => this.link?.streamDatabase ?? this.stream.selectedDatabase,
      onAcknowledged: () => this.failoverState.advance(services().keyspace.nowMs),
      nowMs: () => services().keyspace.nowMs,
      isPaused: () => services().pause.isPaused,
    })
    this.failoverState = new Failover({
      replicas: this.primary.replicas,
      log: options.log,
      offset: () => this.stream.offset,
      isReplica: () => this.isReplica,
      pauseWrites: (isPaused) =>
        isPaused ? services().pause.hold('failover') : services().pause.letGo('failover'),
      follow: (address) => this.#follow(address),
      standAlone: () => this.#standAlone(),
    })
    this.guards = {
      write: writeGuard(() => this),
      stale: staleGuard(() => this),
      copy: copyGuard(() => this),
    }
    this.stream.onSwitched(() => this.#chooseSink())
  }

  /** Once the services are joined. */
  join(): void {
    const { clients, config, keyspace } = this.#services
    config.onValue('repl-backlog-size', (value) => {
      this.stream.backlogBytesMax = Number(value)
    })
    for (const name of [
      'min-replicas-to-write',
      'min-replicas-max-lag',
      'replica-serve-stale-data',
      'replica-ignore-maxmemory',
      'replica-read-only',
    ]) {
      config.onValue(name, () => this.#adapt())
    }
    clients.onRemoved((client) => this.#forget(client))
    this.primary.replicas.noneSinceMs = keyspace.nowMs
  }

  /** Follows whom the configuration names. */
  start(): void {
    const [host = '', port = ''] = this.#services.config.value('replicaof').split(' ')
    if (host !== '') this.#follow({ host, port: Number(port) })
    const { database, isRestored } = this.startPosition
    this.#isContinuable = isRestored
    if (isRestored) this.streamDatabase = database
    this.primary.replicas.noneSinceMs = this.#services.keyspace.nowMs
  }

  stop(): void {
    this.link?.stop()
    this.primary.stop()
  }

  /** For files; undefined where nobody could go on from it. */
  get position(): StreamPosition | undefined {
    const { history, link, stream } = this
    const isKnown = link === undefined ? stream.isActive : this.#isContinuable
    if (!isKnown) return undefined
    const database = link?.streamDatabase ?? Math.max(0, stream.selectedDatabase)
    return { replicationId: history.id, offset: stream.offset, database }
  }

  get isReplica(): boolean {
    return this.link !== undefined
  }

  /** `listener` is called within the turn in which this engine comes to follow another primary, or none. */
  onRoleChanged(listener: () => void): void {
    this.#roleListeners.push(listener)
  }

  get totals(): SyncTotals {
    return this.primary.totals
  }

  /** Once a cycle. */
  advance(): void {
    const { nowMs } = this.#services.keyspace
    this.failoverState.advance(nowMs)
    this.receivedRate.sample(this.receivedBytes, nowMs)
    this.countedBufferBytes = this.bufferBytes
    if (nowMs - this.#tickedAtMs < TICK_MS) return
    this.#tickedAtMs = nowMs
    this.link?.tick()
    this.primary.tick(!this.isReplica)
  }

  /** What held the primary's commands back may be over. */
  resumeSoon(): void {
    if (this.link !== undefined) this.#options.turn.add(this)
  }

  atTurnEnd(): void {
    this.link?.resume()
  }

  sync(context: CommandContext): void {
    const { argv, client, reply } = context
    if (client.is(CLIENT_STATE.replica)) return
    const refusal = this.#syncRefusal(context)
    if (refusal !== undefined) return reply.error(refusal)
    const isPartial = argv.is(0, 'PSYNC')
    const offset = isPartial ? integerArgument(argv, 2) : 0
    if (Number.isNaN(offset)) {
      const name = replicaName(client, this.primary.replicas.settingsOf(client))
      const what = 'asks for synchronization but with a wrong offset'
      this.#options.log.warn({}, `Replica ${name} ${what}`)
      return reply.error(replyErrors.notInteger)
    }
    const known = isPartial ? { id: argv.latin1(1), offset } : undefined
    const answer = this.primary.sync({ client, known })
    if (answer !== undefined) reply.simple(answer)
  }

  configure(context: CommandContext): void {
    const { client } = context
    replconf(context, {
      settings: () => this.primary.replicas.settingsOf(client),
      acknowledge: (offset) => this.primary.acknowledge(client, offset),
      sendAcknowledgement: () => this.link?.acknowledge(),
    })
  }

  replicaOf(context: CommandContext): void {
    const { argv, client, reply } = context
    if (this.failoverState.isUnderWay) return reply.error(replyErrors.replicaofInFailover)
    const by = `(user request from '${this.#options.describeClient(client, argv)}')`
    if (argv.is(1, 'NO') && argv.is(2, 'ONE')) {
      if (this.isReplica) {
        this.#standAlone()
        this.#options.log.info({}, `MASTER MODE enabled ${by}`)
      }
      return reply.simple('OK')
    }
    if (client.is(CLIENT_STATE.replica)) return reply.error(replyErrors.replicaofFromReplica)
    const host = argv.latin1(1)
    const port = integerArgument(argv, 2)
    if (!(port >= 0 && port <= PORT_MAX)) return reply.error(replyErrors.primaryPort)
    const address = this.link?.address
    if (address?.host.toLowerCase() === host.toLowerCase() && address.port === port) {
      this.#options.log.info({}, ALREADY_FOLLOWING)
      return reply.simple('OK Already connected to specified master')
    }
    this.#options.log.info({}, `REPLICAOF ${host}:${port} enabled ${by}`)
    this.#follow({ host, port })
    reply.simple('OK')
  }

  failover(context: CommandContext): void {
    this.failoverState.run(context)
  }

  role({ reply }: CommandContext): void {
    replyWithRole(reply, this)
  }

  wait(context: CommandContext): void {
    if (this.isReplica) context.reply.error(replyErrors.waitOnReplica)
    else wait(context, this.primary)
  }

  get backlogBytes(): number {
    return this.stream.backlogLength
  }

  get bufferBytes(): number {
    let most = this.stream.backlogLength
    for (const { client, waitingBytes } of this.primary.replicas) {
      most = Math.max(most, waitingBytes + client.output.state().outputBytes)
    }
    return most
  }

  get replicaCount(): number {
    return this.primary.replicas.size
  }

  get laggingReplicas(): readonly string[] {
    return this.primary.replicas.describeLagging(this.stream.offset, this.#services.keyspace.nowMs)
  }

  requestAcknowledgements(): void {
    this.primary.requestAcknowledgements()
  }

  changeId(): void {
    this.history.begin()
  }

  replicate(parts: readonly Uint8Array[]): void {
    if (!this.isReplica) this.stream.message(parts)
  }

  /** A replica that sends what is answered is none: the answer would be taken for a part of the stream. */
  replied(client: Client, argv: ArgumentVector, error: string): void {
    const { describeClient, log } = this.#options
    const name = this.#services.commands.find(argv)?.fullName ?? '<unknown>'
    if (error !== '') {
      this.unexpectedErrors += 1
      log.warn({}, criticalError({ from: 'master', to: 'replica' }, name, error))
    }
    const who = describeClient(client, argv)
    log.warn({}, `Replica generated a reply to command '${name}', disconnecting it: ${who}`)
  }

  writeRefusal(client: Client): string | undefined {
    if (client.is(CLIENT_STATE.primary) || client.caller?.is(CLIENT_STATE.primary) === true) {
      return undefined
    }
    if (!this.isReplica) {
      return this.#hasGoodReplicas() ? undefined : replyErrors.notEnoughReplicas
    }
    const isReadOnly = this.#services.config.value('replica-read-only') === 'yes'
    return isReadOnly ? replyErrors.readOnlyReplica : undefined
  }

  get staleError(): string | undefined {
    if (this.link === undefined || this.link.state === 'connected') return undefined
    const isServed = this.#services.config.value('replica-serve-stale-data') === 'yes'
    return isServed ? undefined : replyErrors.staleReplica
  }

  get known(): LinkOwner['known'] {
    if (!this.#isContinuable) return undefined
    return { id: this.history.id, nextOffset: this.stream.offset + 1 }
  }

  get historyId(): string {
    return this.history.id
  }

  get isFailover(): boolean {
    return this.failoverState.state === 'failover-in-progress'
  }

  loading(isLoading: boolean, isServed: boolean): void {
    const loadingKind = isServed ? 'aside' : 'exclusive'
    this.loadingKind = isLoading ? loadingKind : 'none'
    this.#adapt()
  }

  beginCopy(): void {
    this.#isContinuable = false
    // Those who follow this engine need a copy as well.
    this.primary.disconnectAll()
    this.stream.end()
    // Keys of the same names may come, which are the primary's.
    this.#services.keyspace.ownExpiries.clear()
    this.#adapt()
  }

  copied(id: string | undefined, offset: number): void {
    if (id === undefined) this.history.begin()
    else this.history.adopt(id)
    this.stream.restartAt(offset)
    this.#isContinuable = id !== undefined
    this.#adapt()
    // What the log holds is another data set's.
    const { config, persistence } = this.#services
    if (config.value('appendonly') === 'yes') persistence.rewriteLog(false)
  }

  diverged(): void {
    this.#isContinuable = false
  }

  continued(id: string | undefined): void {
    if (id !== undefined && id !== this.history.id) {
      this.#options.log.warn({}, `Master replication ID changed to ${id}`)
      this.history.continueAs(id, this.stream.offset + 1)
      // They have to hear of the new id, and miss nothing.
      this.primary.disconnectAll()
    }
    this.stream.begin()
  }

  agreed(): void {
    this.failoverState.done()
  }

  refused(): void {
    if (this.isFailover) this.failoverState.abort('Failover target rejected psync request')
  }

  /** What comes from a timer or a file is a turn of its own. */
  #inTurn(task: () => void): void {
    const executor = this.#options.executor()
    executor.beginTurn()
    task()
    executor.settle()
  }

  get #services(): EngineServices {
    return this.#options.services()
  }

  /** Becomes a replica, or one of another primary. */
  #follow(address: NodeAddress): void {
    const { checksSums, connect, executor, load, log, onFatal, port, processId, services } =
      this.#options
    const { stream } = this
    if (this.link === undefined) {
      // What this engine has may be what the other one had: then the stream is enough.
      this.#isContinuable = true
      this.streamDatabase = 0
      log.info({}, MAY_GO_ON)
    }
    this.link?.stop()
    this.#disconnectWaiting()
    this.link = new ReplicaLink({
      address,
      owner: this,
      stream,
      services,
      executor,
      log,
      connect,
      port,
      processId,
      checksSums,
      onFatal,
      load,
    })
    this.#services.config.replace('replicaof', `${address.host} ${address.port}`)
    this.#adapt()
    this.link.connect()
    this.#tellRole()
  }

  /** Becomes a primary: a new history that branches off the one it followed. */
  #standAlone(): void {
    if (this.link === undefined) return
    this.link.stop()
    this.link = undefined
    this.history.branch(this.stream.offset + 1)
    const { id, secondId, secondOffset } = this.history
    this.#options.log.warn(
      {},
      `Setting secondary replication ID to ${secondId}, valid up to offset: ${secondOffset}. New replication ID is ${id}`,
    )
    const { config, keyspace } = this.#services
    this.primary.disconnectAll()
    this.primary.replicas.noneSinceMs = keyspace.nowMs
    this.stream.forgetDatabase()
    config.replace('replicaof', '')
    this.#adapt()
    this.#tellRole()
  }

  #tellRole(): void {
    for (const listener of this.#roleListeners) listener()
  }

  /** They wait for keys that will come from elsewhere, or for replicas that are none any more. */
  #disconnectWaiting(): void {
    const { blocking, clients } = this.#services
    for (const client of clients) {
      if (!blocking.unblock(client, replyErrors.roleChanged) || client.isEmbedded) continue
      client.isClosing = true
    }
  }

  /** Puts the role, and what the configuration says of it, into effect. */
  #adapt(): void {
    const { config, eviction, guards, keyspace } = this.#services
    const { isReplica } = this
    keyspace.follow(isReplica)
    const isWritable = isReplica && config.value('replica-read-only') === 'no'
    keyspace.ownExpiries.isOn = isWritable && this.loadingKind !== 'exclusive'
    eviction.isOff = isReplica && config.value('replica-ignore-maxmemory') === 'yes'
    const needsReplicas = config.integer('min-replicas-to-write') > 0
    guards.switch(this.guards.write, isReplica || needsReplicas)
    guards.switch(this.guards.stale, isReplica && config.value('replica-serve-stale-data') === 'no')
    guards.switch(this.guards.copy, this.loadingKind !== 'none')
    this.primary.refreshGoodCount()
    this.#chooseSink()
  }

  #hasGoodReplicas(): boolean {
    const { config } = this.#services
    const needed = config.integer('min-replicas-to-write')
    if (needed === 0 || config.integer('min-replicas-max-lag') === 0) return true
    return this.primary.goodCount >= needed
  }

  #syncRefusal({ argv, client }: CommandContext): string | undefined {
    if (argv.count > 3 && argv.is(0, 'PSYNC') && argv.is(3, 'FAILOVER')) {
      const { describeClient, log } = this.#options
      log.warn({}, `Failover request received for replid ${printable(argv.latin1(1))}.`)
      if (!this.isReplica) return replyErrors.failoverToPrimary
      if (argv.latin1(1).toLowerCase() !== this.history.id) return replyErrors.failoverOtherId
      this.#standAlone()
      log.info({}, `MASTER MODE enabled (failover request from '${describeClient(client, argv)}')`)
    }
    if (this.failoverState.isUnderWay) return replyErrors.syncInFailover
    if (this.link !== undefined && this.link.state !== 'connected') {
      return replyErrors.syncWithoutPrimary
    }
    if (client.output.state().outputBytes > 0) return replyErrors.syncWithPendingOutput
    const { takesEndMark, copiesKeys, copiesFunctions } = this.primary.replicas.settingsOf(client)
    const isFiltered = !copiesKeys || !copiesFunctions
    return isFiltered && !takesEndMark ? replyErrors.copyFilterNeedsEndMark : undefined
  }

  #forget(client: Client): void {
    this.primary.forget(client)
    this.primary.acknowledgements.forget(client)
  }

  /** Effects are only told while there is a stream, and it is this engine's own. */
  #chooseSink(): void {
    const { propagation } = this.#services
    const isWanted = this.stream.isActive && !this.isReplica
    if (isWanted === this.#isHearing) return
    this.#isHearing = isWanted
    if (isWanted) propagation.addSink(this.#sink, 'replica')
    else propagation.removeSink(this.#sink)
  }
}

import type { Logger } from '../../shared/logger.ts'
import type { Random } from '../../shared/random.ts'
import { integerArgument } from '../execution/arguments.ts'
import { CLIENT_STATE, type Client } from '../execution/client.ts'
import type { CommandContext, EngineServices } from '../execution/context.ts'
import type { PropagationSink } from '../execution/propagation.ts'
import type { ReplicationService, SyncTotals } from '../execution/replication-service.ts'
import type { Turn } from '../execution/turn.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { ReplicationHistory } from './history.ts'
import { type CopySource, Primary } from './primary.ts'
import { replconf } from './replconf.ts'
import { ReplicationStream } from './replication-stream.ts'
import { wait } from './wait.ts'

const TICK_MS = 1_000

export interface ReplicationOptions {
  readonly random: Random
  readonly log: Logger
  readonly turn: Turn
  readonly copy: CopySource
  /** Joined later. */
  readonly services: () => EngineServices
}

/** The engine's part among others: what replicas get of it, and what it takes from a primary. */
export class Replication implements ReplicationService {
  readonly history: ReplicationHistory
  readonly stream = new ReplicationStream()
  readonly primary: Primary
  readonly #options: ReplicationOptions
  #isHearing = false
  #tickedAtMs = 0
  readonly #sink: PropagationSink = (databaseIndex, effect) => {
    this.stream.effect(databaseIndex, effect)
    this.#services.propagation.streamOffset = this.stream.offset
  }

  constructor(options: ReplicationOptions) {
    this.#options = options
    this.history = new ReplicationHistory(options.random)
    const services = options.services
    this.primary = new Primary({
      history: this.history,
      stream: this.stream,
      config: () => services().config,
      turn: options.turn,
      random: options.random,
      log: options.log,
      copy: options.copy,
      nowMs: () => services().keyspace.nowMs,
      isPaused: () => services().pause.isPaused,
    })
    this.stream.onSwitched(() => this.#chooseSink())
  }

  /** Once the services are joined. */
  start(): void {
    const { clients, config } = this.#services
    config.onValue('repl-backlog-size', (value) => {
      this.stream.backlogBytesMax = Number(value)
    })
    for (const name of ['min-replicas-to-write', 'min-replicas-max-lag']) {
      config.onValue(name, () => this.primary.refreshGoodCount())
    }
    clients.onRemoved((client) => this.#forget(client))
    this.primary.replicas.noneSinceMs = this.#services.keyspace.nowMs
  }

  get isReplica(): boolean {
    return false
  }

  get totals(): SyncTotals {
    return this.primary.totals
  }

  /** Once a cycle. */
  advance(): void {
    const { nowMs } = this.#services.keyspace
    if (nowMs - this.#tickedAtMs < TICK_MS) return
    this.#tickedAtMs = nowMs
    this.primary.tick(!this.isReplica)
  }

  sync(context: CommandContext): void {
    const { argv, client, reply } = context
    if (client.is(CLIENT_STATE.replica)) return
    const refusal = this.#syncRefusal(client)
    if (refusal !== undefined) return reply.error(refusal)
    const isPartial = argv.is(0, 'PSYNC')
    const offset = isPartial ? integerArgument(argv, 2) : 0
    if (Number.isNaN(offset)) return reply.error(replyErrors.notInteger)
    const known = isPartial ? { id: argv.latin1(1), offset } : undefined
    const answer = this.primary.sync({ client, known })
    if (answer !== undefined) reply.simple(answer)
  }

  configure(context: CommandContext): void {
    const { client } = context
    replconf(context, {
      settings: () => this.primary.replicas.settingsOf(client),
      acknowledge: (offset) => this.primary.acknowledge(client, offset),
      sendAcknowledgement: () => undefined,
    })
  }

  role({ reply }: CommandContext): void {
    reply.array(3)
    reply.text('master')
    reply.integer(this.stream.offset)
    const online = [...this.primary.replicas].filter(({ state }) => state === 'online')
    reply.array(online.length)
    for (const { host, settings, acknowledgedOffset } of online) {
      reply.array(3)
      reply.text(host)
      reply.text(String(settings.port))
      reply.text(String(acknowledgedOffset))
    }
  }

  wait(context: CommandContext): void {
    wait(context, this.primary)
  }

  changeId(): void {
    this.history.begin()
  }

  writeRefusal(): string | undefined {
    return this.#hasGoodReplicas() ? undefined : replyErrors.notEnoughReplicas
  }

  get #services(): EngineServices {
    return this.#options.services()
  }

  #hasGoodReplicas(): boolean {
    const { config } = this.#services
    const needed = config.integer('min-replicas-to-write')
    if (needed === 0 || config.integer('min-replicas-max-lag') === 0) return true
    return this.primary.goodCount >= needed
  }

  #syncRefusal(client: Client): string | undefined {
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

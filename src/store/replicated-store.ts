import type { EngineReplication } from '../engine/index.ts'
import type { Awaitable } from '../shared/awaitable.ts'
import type { Clock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'
import type { Random } from '../shared/random.ts'
import type { NoRole, PrimaryAddress, RoleReport } from './ask-role.ts'
import type { EmbeddedStore } from './embedded-store.ts'
import type { PrimaryConnection } from './primary-connection.ts'
import { ReplicaLease } from './replica-lease.ts'
import { unconfirmed } from './replication-demand.ts'
import { RivalWatch } from './rival-watch.ts'
import { type OwnGroup, Settlement } from './settlement.ts'
import type { Sharing, SharingStatus } from './sharing.ts'
import {
  type Procedure,
  type ProcedureArgument,
  type SetOptions,
  type Store,
  StoreError,
} from './store.ts'

/** What the engine in this process is to others. */
export type Role = Pick<
  EngineReplication,
  | 'isReplica'
  | 'primary'
  | 'isLinked'
  | 'linkCount'
  | 'followers'
  | 'departures'
  | 'departedSince'
  | 'replicationId'
  | 'onRoleChanged'
>

export interface ReplicatedStoreOptions {
  /** For logs: what is in it. */
  readonly name: string
  /** On the engine in this process. */
  readonly local: EmbeddedStore
  readonly replication: Role
  /** Those that follow that engine. */
  readonly own: OwnGroup
  readonly connect: (primary: PrimaryAddress) => PrimaryConnection
  /** What a server of the group says of itself within a lease. */
  readonly askRole: (address: PrimaryAddress) => Promise<RoleReport | NoRole>
  readonly leaseMs: number
  /**
   * Whether what is lost of it can be had again: then a replica that may be out of date refuses to be read instead of
   * asking the primary, and what was written to one that is the primary no longer counts as confirmed.
   */
  readonly isCache: boolean
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Runs something later, and gives what calls it off; by a timer unless given. */
  readonly after?: (ms: number, run: () => void) => () => void
}

/** So often within a lease beats are sent, and looked who follows. */
const BEATS_PER_LEASE = 5

/**
 * The store on an engine in this process that is one of a group: the primary, or a replica of another gateway's engine
 * or of a Redis. Sentinel may change that at any time. Reads are answered here, writes by the primary: here as well
 * while this is one. What was under way to a primary that is one no longer fails, and is never sent twice. A primary
 * that finds another one in its place acts as that one's replica would, without a copy, until it is made one.
 */
export class ReplicatedStore implements Store, Sharing {
  readonly name = 'replicated'
  readonly #options: ReplicatedStoreOptions
  readonly #replication: Role
  readonly #local: EmbeddedStore
  readonly #own: OwnGroup
  readonly #settlement: Settlement
  readonly #rivals: RivalWatch
  readonly #takeoverListeners: (() => Awaitable<void>)[] = []
  /** `undefined` while this engine is the only primary; without a lease while it is one of two. */
  #following:
    | { readonly connection: PrimaryConnection; lease: ReplicaLease | undefined }
    | undefined
  #hasBegun = false
  /** When another one became the primary. */
  #changedAtMs = Number.NEGATIVE_INFINITY
  #cancelTick: () => void = () => undefined
  /** Another one has become the primary, and nobody has been told: it cannot be written to yet. */
  #starting: Promise<void> | undefined
  /** All have been told, and have written what they had to. */
  #takeover = Promise.resolve()
  #wasCurrent = false
  #losses = 0
  #unsureReads = 0

  constructor(options: ReplicatedStoreOptions) {
    this.#options = options
    const { clock, leaseMs, local, own, replication, after = afterByTimer } = options
    this.#replication = replication
    this.#local = local
    this.#own = own
    // Nobody can have followed before there was an engine.
    this.#settlement = new Settlement(own, own.members(), { clock, leaseMs, after })
    this.#rivals = new RivalWatch({
      replication,
      ask: options.askRole,
      clock,
      leaseMs,
      onChange: () => this.#rivalChanged(),
    })
    this.#replication.onRoleChanged(() => this.#roleChanged())
  }

  get sharing(): Sharing {
    return this
  }

  get status(): SharingStatus {
    const { isReplica, primary } = this.#replication
    return {
      role: isReplica ? 'replica' : 'primary',
      primary: nameOf(primary),
      rival: nameOf(this.#rivals.rival),
      isCurrent: this.#isCurrent,
      losses: this.#losses,
      unsureReads: this.#unsureReads,
      lateSettlements: this.#settlement.lateCount,
    }
  }

  start(): Promise<void> {
    this.#hasBegun = true
    this.#tick()
    return Promise.resolve()
  }

  stop(): Promise<void> {
    this.#cancelTick()
    this.#following?.connection.stop()
    return Promise.resolve()
  }

  /** Of the engine in this process: without a primary a gateway has Hasura still, and may be the one that is left. */
  ping(): void {
    this.#local.ping()
  }

  get(key: Buffer): Awaitable<Buffer | undefined> {
    return this.#isCurrent ? this.#local.get(key) : this.#unsure((store) => store.get(key))
  }

  getMany(keys: readonly Buffer[]): Awaitable<readonly (Buffer | undefined)[]> {
    return this.#isCurrent
      ? this.#local.getMany(keys)
      : this.#unsure((store) => store.getMany(keys))
  }

  set(key: Buffer, value: Uint8Array, options?: SetOptions): Awaitable<boolean> {
    return this.#atPrimary((primary) => primary.set(key, value, options))
  }

  delete(keys: readonly Buffer[]): Awaitable<number> {
    return this.#atPrimary((primary) => primary.delete(keys))
  }

  touch(key: Buffer, ttlMs: number): Awaitable<boolean> {
    return this.#atPrimary((primary) => primary.touch(key, ttlMs))
  }

  run<Result>(
    procedure: Procedure<Result>,
    keys: readonly Buffer[],
    args: readonly ProcedureArgument[],
  ): Awaitable<Result> {
    return this.#atPrimary((primary) => primary.run(procedure, keys, args))
  }

  /** First that everyone knows: to be sure of it may fail. */
  confirm(): Awaitable<void> {
    // Just after a change it may have been written to the one before.
    const isInDoubt = this.#nowMs < this.#changedAtMs + this.#options.leaseMs
    const isSure = this.#following === undefined && this.#rivals.isSureOfWrites
    const isAlone = isSure && this.#settlement.isAlone(this.#own.members())
    return isAlone ? this.#keep(isInDoubt) : this.#settled(isInDoubt)
  }

  async #settled(wasInDoubt: boolean): Promise<void> {
    const takeover = this.#takeover
    const isSamePrimary = await this.#settlement.settle()
    // Whoever has left may have become the primary meanwhile.
    if (this.#following === undefined && !this.#rivals.isSureOfWrites) await this.#rivals.findOut()
    // Those that are told of a change write and confirm as well: they do not wait for themselves.
    if (takeover !== this.#takeover) await this.#takeover
    const isSure = this.#following !== undefined || this.#isOnlyPrimary
    await this.#keep(wasInDoubt || !isSamePrimary || !isSure)
  }

  /** Of the engine in this process. */
  info(): string {
    return this.#local.info()
  }

  onTakeover(listener: () => Awaitable<void>): void {
    this.#takeoverListeners.push(listener)
  }

  /** What was written to another primary is not safe because this one has nothing to wait for. */
  #keep(isInDoubt: boolean): Awaitable<void> {
    if (isInDoubt && !this.#options.isCache) {
      throw unconfirmed('another one has become the primary, or may have')
    }
    return this.#primary.confirm()
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicMs()
  }

  get #primary(): Store {
    return this.#following?.connection.store ?? this.#local
  }

  get #isOnlyPrimary(): boolean {
    return this.#following === undefined && this.#rivals.isSure
  }

  get #isCurrent(): boolean {
    if (this.#starting !== undefined) return false
    return this.#isOnlyPrimary || this.#following?.lease?.isHeld === true
  }

  #atPrimary<Result>(use: (primary: Store) => Awaitable<Result>): Awaitable<Result> {
    if (this.#starting === undefined) return use(this.#primary)
    return this.#starting.then(() => use(this.#primary))
  }

  /** What is here may be out of date. */
  #unsure<Result>(read: (primary: Store) => Awaitable<Result>): Awaitable<Result> {
    this.#unsureReads += 1
    if (this.#options.isCache) {
      throw new StoreError('unreachable', 'what is here may be older than what the primary has')
    }
    const isPrimaryKnown = this.#following !== undefined || this.#isOnlyPrimary
    if (isPrimaryKnown) return this.#atPrimary(read)
    return this.#rivals.findOut().then(() => this.#atPrimary(read))
  }

  #tick(): void {
    const { after = afterByTimer, leaseMs, log, name } = this.#options
    this.#cancelTick = after(leaseMs / BEATS_PER_LEASE, () => this.#tick())
    this.#noteLosses()
    const failed = (error: unknown): void => {
      if (error instanceof StoreError) log.debug({ err: error, store: name }, 'the primary fails')
      else log.error({ err: error, store: name }, 'watching the primary failed by a bug')
    }
    this.#following?.lease?.beat().catch(failed)
    if (!this.#replication.isReplica) this.#rivals.look().catch(failed)
    this.#settlement.look().catch(failed)
  }

  #roleChanged(): void {
    const { clock, leaseMs, log, name, random } = this.#options
    const { primary } = this.#replication
    const isRival = primary !== undefined && nameOf(primary) === nameOf(this.#rivals.rival)
    this.#rivals.begin()
    if (primary === undefined) log.info({ store: name }, 'this gateway has the primary now')
    else log.info({ store: name, primary }, 'this gateway follows another primary now')
    // To a rival it wrote already.
    if (!isRival) this.#writeTo(primary)
    if (this.#following === undefined) return
    this.#following.lease = new ReplicaLease({
      local: this.#local,
      replication: this.#replication,
      primary: this.#following.connection.store,
      clock,
      random,
      leaseMs,
    })
  }

  #rivalChanged(): void {
    const { log, name } = this.#options
    const { rival } = this.#rivals
    if (rival === undefined) {
      log.info({ store: name }, 'this gateway has the only primary again')
    } else {
      log.warn(
        { store: name, rival },
        'another one has become the primary: until this one is told to follow it, what is here is not used, and writes go there',
      )
    }
    this.#writeTo(rival)
  }

  /** From now on; `undefined` for the engine in this process. */
  #writeTo(primary: PrimaryAddress | undefined): void {
    this.#following?.connection.stop()
    this.#following = undefined
    this.#wasCurrent = false
    let started = Promise.resolve()
    if (primary === undefined) this.#settlement.moveTo(this.#own)
    else {
      const connection = this.#options.connect(primary)
      this.#following = { connection, lease: undefined }
      this.#settlement.moveTo(connection)
      started = connection.start()
    }
    // It begins as what it was configured to be: nothing of its own can have been lost.
    if (!this.#hasBegun) return
    this.#changedAtMs = this.#nowMs
    this.#tellTakeover(started)
  }

  /** Later: who hears of it writes, and this is in the middle of a command. */
  #tellTakeover(started: Promise<void>): void {
    let told: Promise<unknown> = Promise.resolve()
    const starting = started.then(() => {
      // Otherwise there has been another change since, and they are told of that one.
      if (starting !== this.#starting) return
      this.#starting = undefined
      // Before anybody can read what is here.
      told = Promise.all(this.#takeoverListeners.map(async (listener) => listener()))
    })
    this.#starting = starting
    this.#takeover = starting.then(async () => {
      await told
    })
  }

  #noteLosses(): void {
    const { log, name } = this.#options
    const isCurrent = this.#isCurrent
    if (this.#following === undefined || isCurrent === this.#wasCurrent) return
    this.#wasCurrent = isCurrent
    const { primary } = this.#replication
    if (isCurrent) return log.info({ store: name, primary }, 'what is here is up to date')
    this.#losses += 1
    log.warn({ store: name, primary }, 'what is here may be out of date, and is not used')
  }
}

function nameOf(address: PrimaryAddress | undefined): string | undefined {
  return address && `${address.host}:${address.port}`
}

function afterByTimer(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms).unref()
  return () => clearTimeout(timer)
}

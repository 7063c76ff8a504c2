import type { Logger } from '../../shared/logger.ts'
import { integerArgument } from '../execution/arguments.ts'
import type { CommandContext } from '../execution/context.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import type { NodeAddress } from './node-address.ts'
import type { Replicas } from './replicas.ts'

/** As INFO's master_failover_state tells it. */
export type FailoverState = 'no-failover' | 'waiting-for-sync' | 'failover-in-progress'

export interface FailoverOptions {
  readonly replicas: Replicas
  readonly log: Logger
  readonly offset: () => number
  readonly isReplica: () => boolean
  /** Writes wait from now on, or no longer. */
  readonly pauseWrites: (isPaused: boolean) => void
  /** Follows the replica, which is asked to become the primary. */
  readonly follow: (address: NodeAddress) => void
  /** Is a primary again. */
  readonly standAlone: () => void
}

interface FailoverRequest {
  target: NodeAddress | undefined
  timeoutMs: number
  isForced: boolean
}

/** FAILOVER: a replica that has everything takes this engine's place (replication.c, failoverCommand). */
export class Failover {
  state: FailoverState = 'no-failover'
  readonly #options: FailoverOptions
  #target: NodeAddress | undefined
  #isForced = false
  #endsAtMs = Number.POSITIVE_INFINITY

  constructor(options: FailoverOptions) {
    this.#options = options
  }

  get isUnderWay(): boolean {
    return this.state !== 'no-failover'
  }

  run({ argv, nowMs, reply }: CommandContext): void {
    if (argv.count === 2 && argv.is(1, 'ABORT')) {
      if (!this.isUnderWay) return reply.error(replyErrors.failoverNone)
      this.abort('Failover manually aborted')
      return reply.simple('OK')
    }
    const request = readRequest(argv)
    const error = typeof request === 'string' ? request : this.#refusal(request)
    if (typeof request === 'string' || error !== undefined) return reply.error(error ?? '')
    this.#target = request.target
    this.#isForced = request.isForced
    this.#endsAtMs = request.timeoutMs > 0 ? nowMs + request.timeoutMs : Number.POSITIVE_INFINITY
    this.state = 'waiting-for-sync'
    const where = request.target === undefined ? 'any replica' : nameOf(request.target)
    this.#options.log.info({}, `FAILOVER requested to ${where}.`)
    this.#options.pauseWrites(true)
    reply.simple('OK')
  }

  /** Once a second, and whenever a replica tells how far it is. */
  advance(nowMs: number): void {
    if (this.state !== 'waiting-for-sync') return
    if (this.#endsAtMs <= nowMs) {
      this.#timedOut()
      return
    }
    const target = this.#caughtUp()
    if (target === undefined) return
    this.#options.log.info({}, `Failover target ${nameOf(target)} is synced, failing over.`)
    this.#handOver(target)
  }

  #timedOut(): void {
    const target = this.#target
    if (!this.#isForced || target === undefined) {
      return this.abort('Replica never caught up before timeout')
    }
    const { log } = this.#options
    log.info({}, `FAILOVER to ${nameOf(target)} time out exceeded, failing over.`)
    this.#handOver(target)
  }

  /** The replica has taken over. */
  done(): void {
    if (this.state === 'failover-in-progress') this.#clear()
  }

  abort(reason: string): void {
    if (!this.isUnderWay) return
    const where = this.#target === undefined ? 'any replica' : nameOf(this.#target)
    this.#options.log.info({}, `FAILOVER to ${where} aborted: ${reason}`)
    if (this.state === 'failover-in-progress') this.#options.standAlone()
    this.#clear()
  }

  #handOver(target: NodeAddress): void {
    this.#target = target
    this.state = 'failover-in-progress'
    this.#options.follow(target)
  }

  #caughtUp(): NodeAddress | undefined {
    const { offset, replicas } = this.#options
    const wanted = this.#target
    const candidates =
      wanted === undefined ? [...replicas] : [replicas.findByAddress(wanted.host, wanted.port)]
    for (const feed of candidates) {
      if (feed?.acknowledgedOffset !== offset()) continue
      return { host: feed.host, port: feed.settings.port }
    }
    return undefined
  }

  #refusal({ isForced, target, timeoutMs }: FailoverRequest): string | undefined {
    const { isReplica, replicas } = this.#options
    if (this.isUnderWay) return replyErrors.failoverAlready
    if (isReplica()) return replyErrors.failoverOnReplica
    if (replicas.size === 0) return replyErrors.failoverWithoutReplicas
    if (isForced && (timeoutMs === 0 || target === undefined)) return replyErrors.failoverForce
    if (target === undefined) return undefined
    const feed = replicas.findByAddress(target.host, target.port)
    if (feed === undefined) return replyErrors.failoverTarget
    return feed.state === 'online' ? undefined : replyErrors.failoverTargetNotOnline
  }

  #clear(): void {
    this.state = 'no-failover'
    this.#target = undefined
    this.#isForced = false
    this.#endsAtMs = Number.POSITIVE_INFINITY
    this.#options.pauseWrites(false)
  }
}

function nameOf({ host, port }: NodeAddress): string {
  return `${host}:${port}`
}

/** The error's text when it is none. */
function readRequest(argv: ArgumentVector): FailoverRequest | string {
  const request: FailoverRequest = { target: undefined, timeoutMs: 0, isForced: false }
  for (let at = 1; at < argv.count; at += 1) {
    if (argv.is(at, 'TIMEOUT') && at + 1 < argv.count && request.timeoutMs === 0) {
      request.timeoutMs = integerArgument(argv, at + 1)
      if (Number.isNaN(request.timeoutMs)) return replyErrors.notInteger
      if (request.timeoutMs <= 0) return replyErrors.failoverTimeout
      at += 1
    } else if (argv.is(at, 'TO') && at + 2 < argv.count && request.target === undefined) {
      const port = integerArgument(argv, at + 2)
      if (Number.isNaN(port)) return replyErrors.notInteger
      request.target = { host: argv.latin1(at + 1), port }
      at += 2
    } else if (argv.is(at, 'FORCE') && !request.isForced) request.isForced = true
    else return replyErrors.syntax
  }
  return request
}

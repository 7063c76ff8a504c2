import { nth } from '../../shared/assert.ts'
import { type Awaitable, isPromise } from '../../shared/awaitable.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import { type Store, StoreError } from '../../store/index.ts'
import { GatewayError } from '../errors.ts'
import type { CompiledRule } from './compile-rule.ts'
import type { RateLimitOptions, StoreFailureMode } from './limit-options.ts'
import type { SubjectCharge } from './limit-plan.ts'
import { LocalLimits } from './local-limits.ts'
import { partOf } from './plan-charges.ts'
import { type LimitCharge, limitArguments, TakeLimits, type WindowState } from './take-limits.ts'

/** What was asked of one subject, and what it said. */
export interface AskedLimits {
  /** Without what was not counted because the store failed. */
  readonly charge: SubjectCharge
  /** Parallel to the rules of the charge. */
  readonly states: readonly WindowState[]
  /** By the clock of who counted. */
  readonly takenAtMs: number
  /** Counted in this process, for the store failed. */
  readonly isLocal: boolean
  readonly storeFailure: StoreFailureMode | undefined
}

export interface LimitStoreOptions {
  readonly options: Pick<RateLimitOptions, 'nodes' | 'storeTimeoutMs'>
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
}

/** The store as limits use it: with an end to waiting, and with each rule's own answer to a failure. */
export class LimitStore {
  readonly #options: LimitStoreOptions['options']
  readonly #store: Store
  readonly #log: Logger
  readonly #local: LocalLimits
  readonly #procedure = new TakeLimits()
  #isFailing = false

  constructor({ options, store, clock, log }: LimitStoreOptions) {
    this.#options = options
    this.#store = store
    this.#log = log
    this.#local = new LocalLimits(clock)
  }

  /** Fails only with `store-unavailable`, when a rule of the subject says `closed`. */
  take(charge: SubjectCharge, token: Buffer | undefined): Awaitable<AskedLimits> {
    const { keys, charges, takeArguments } = charge
    const args = token === undefined ? takeArguments : limitArguments(charges, { token })
    try {
      const taken = this.#store.run(this.#procedure, keys, args)
      if (isPromise(taken)) {
        return this.#inTime(taken).then(
          ({ atMs, states }) => this.#counted(charge, atMs, states),
          (error: unknown) => this.#instead(charge, token, error),
        )
      }
      return this.#counted(charge, taken.atMs, taken.states)
    } catch (error) {
      return this.#instead(charge, token, error)
    }
  }

  /** Each to where it was taken from. What fails is lost: a limit then counts too much, never too little. */
  giveBack(taken: readonly AskedLimits[], token: Buffer | undefined): void {
    for (const { charge, takenAtMs: atMs, isLocal } of taken) {
      if (charge.keys.length === 0) continue
      const charges = charge.charges.map((one) => ({ ...one, cost: -Math.abs(one.cost) }))
      const args = limitArguments(charges, { atMs, ...(token && { token }) })
      try {
        if (isLocal) {
          this.#local.run(this.#procedure, charge.keys, args)
          continue
        }
        const given = this.#store.run(this.#procedure, charge.keys, args)
        if (isPromise(given)) given.catch((error: unknown) => this.#failed(error))
      } catch (error) {
        this.#failed(error)
      }
    }
  }

  #counted(charge: SubjectCharge, takenAtMs: number, states: readonly WindowState[]): AskedLimits {
    if (this.#isFailing) {
      this.#isFailing = false
      this.#log.info({ store: this.#store.name }, 'rate limits are kept again')
    }
    return { charge, states, takenAtMs, isLocal: false, storeFailure: undefined }
  }

  #instead(charge: SubjectCharge, token: Buffer | undefined, error: unknown): AskedLimits {
    if (!(error instanceof StoreError)) throw error
    this.#failed(error)
    if (charge.rules.some((compiled) => !compiled.isShadow && modeOf(compiled) === 'closed')) {
      throw new GatewayError('store-unavailable', 'rate limits cannot be checked just now', {
        cause: error,
        headers: { 'retry-after': '1' },
      })
    }
    const { nodes } = this.#options
    const local = partOf(
      charge,
      (index) => modeOf(nth(charge.rules, index)) === 'local',
      (one) => shareOf(one, nodes),
    )
    if (local === undefined) return { ...NOT_COUNTED, charge: nothingOf(charge) }
    const args =
      token === undefined ? local.takeArguments : limitArguments(local.charges, { token })
    const { atMs: takenAtMs, states } = this.#local.run(this.#procedure, local.keys, args)
    return { charge: local, states, takenAtMs, isLocal: true, storeFailure: 'local' }
  }

  /** One line when the store begins to fail and one when it is back. */
  #failed(error: unknown): void {
    if (!(error instanceof StoreError)) throw error
    if (this.#isFailing) return
    this.#isFailing = true
    this.#log.warn({ err: error }, 'rate limits cannot be kept')
  }

  /**
   * When this process is late, the answer may be there and not be read yet: what has arrived is read first, or
   * a flood would make the store look as if it failed.
   */
  #inTime<T>(value: Promise<T>): Promise<T> {
    const { storeTimeoutMs } = this.#options
    return new Promise<T>((resolve, reject) => {
      const late = (): void => {
        reject(new StoreError('timeout', `no limits were told within ${storeTimeoutMs} ms`))
      }
      const timer = setTimeout(() => setImmediate(late), storeTimeoutMs)
      value.then(resolve, reject).finally(() => clearTimeout(timer))
    })
  }
}

const NOT_COUNTED = {
  states: [],
  takenAtMs: 0,
  isLocal: true,
  storeFailure: 'open',
} as const satisfies Omit<AskedLimits, 'charge'>

function nothingOf({ subject }: SubjectCharge): SubjectCharge {
  return { subject, rules: [], keys: [], charges: [], takeArguments: [], units: [], fixed: [] }
}

function modeOf({ rule }: CompiledRule): StoreFailureMode {
  return rule.onStoreFailure ?? 'open'
}

/** Of one of several gateways, rounded down, and at least one. */
function shareOf(charge: LimitCharge, nodes: number): LimitCharge {
  const share = (whole: number): number =>
    whole === 0 ? 0 : Math.max(Math.floor(whole / nodes), 1)
  const extra = charge.kind === 'gcra' ? share(charge.extra) : charge.extra
  return { ...charge, limit: share(charge.limit), extra }
}

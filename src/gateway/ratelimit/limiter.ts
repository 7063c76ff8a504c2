import { nth } from '../../shared/assert.ts'
import { type Awaitable, chain, isPromise } from '../../shared/awaitable.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Random } from '../../shared/random.ts'
import type { Store } from '../../store/index.ts'
import type { GatewayError } from '../errors.ts'
import type { MetadataModel } from '../metadata/metadata-model.ts'
import {
  type LimitDecision,
  type LimitState,
  type PendingLimits,
  UNLIMITED,
} from './limit-decision.ts'
import type { RateLimitOptions } from './limit-options.ts'
import type { LimitedRequest, LimitPlan, SubjectCharge } from './limit-plan.ts'
import { LimitPlanner } from './limit-planner.ts'
import { refusal, stateOf, stillRefusedMs } from './limit-states.ts'
import { type AskedLimits, LimitStore } from './limit-store.ts'
import { partOf, type SubjectUnits } from './plan-charges.ts'
import { costLimitError, rateLimitError } from './ratelimit-headers.ts'
import { type Settlement, settledCharge } from './settle.ts'

export interface LimiterOptions {
  readonly options: RateLimitOptions
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Hasura's metadata, the last known; another object when it has changed. */
  readonly model: () => MetadataModel | undefined
}

/** A refusal is told again from memory at most this long: what is given back must be noticed. */
const REFUSAL_MEMORY_MAX_MS = 1_000
const TOKEN_RANDOM_BYTES = 4
const TWO_32 = 0x1_0000_0000

const NOTHING: readonly never[] = []

type Phase = 'enter' | 'reserve'

/** One phase of one request on its way through the subjects that it asks. */
interface Run {
  readonly phase: Phase
  readonly charges: readonly SubjectCharge[]
  readonly token: Buffer | undefined
  readonly states: LimitState[]
  readonly asked: AskedLimits[]
  shadowed: readonly string[]
  storeFailure: LimitDecision['storeFailure']
}

/**
 * Applies the rules to requests, with the counts in the store. A request is `taken` when it comes: what even a
 * hit costs. When Hasura has to be asked, the rest is `reserved` first, and `settled` when it has answered.
 */
export class Limiter {
  readonly #options: RateLimitOptions
  readonly #clock: Clock
  readonly #store: LimitStore
  readonly #planner: LimitPlanner
  readonly #tokenStart: Buffer
  #tokens = 0

  constructor({ options, store, clock, random, log, model }: LimiterOptions) {
    this.#options = options
    this.#clock = clock
    this.#store = new LimitStore({ options, store, clock, log })
    this.#planner = new LimitPlanner({ options, model })
    this.#tokenStart = Buffer.from(random.bytes(TOKEN_RANDOM_BYTES))
  }

  /**
   * Counts one request against every rule that applies to it, or against none when one of them refuses.
   * Answers at once when the store does. Fails only with `cost-limit-exceeded`, when no wait would help, and
   * with `store-unavailable`, when the store fails and a rule says `closed`.
   */
  take(request: LimitedRequest): Awaitable<LimitDecision> {
    const plan = this.#planner.plan(request)
    if (plan === undefined) return UNLIMITED
    if (plan.tooDear !== undefined) throw costLimitError(plan.tooDear)
    if (plan.enter.length === 0) return this.#letIn(plan, UNLIMITED, NOTHING)
    const refused = this.#rememberedRefusal(plan.enter, 'enter')
    if (refused !== undefined) return refused
    const run = newRun('enter', plan.enter, undefined)
    const decision = this.#step(run, 0)
    // Most requests: nothing is left to do, and there is nothing to wait for.
    if (plan.reserve.length === 0) return decision
    return chain(decision, (taken) => (taken.allowed ? this.#letIn(plan, taken, run.asked) : taken))
  }

  /**
   * Takes what is still to be taken of a request for which Hasura is to be asked; what was taken before goes back
   * when that is refused. `isHeld`: the request will be settled, and holds its place until then.
   */
  reserve(decision: LimitDecision, isHeld = true): Awaitable<LimitDecision> {
    const { pending } = decision
    if (pending === undefined) return decision
    const charges = isHeld ? pending.plan.reserve : withoutLeases(pending.plan.reserve)
    const refused = this.#rememberedRefusal(charges, 'reserve')
    if (refused !== undefined) {
      this.#store.giveBack(pending.entered, undefined)
      return refused
    }
    const run = newRun('reserve', charges, this.#token(charges))
    return chain(this.#step(run, 0), (reserved) => {
      if (!reserved.allowed) {
        this.#store.giveBack(pending.entered, undefined)
        return reserved
      }
      return this.#reserved(decision, pending, run)
    })
  }

  /** Gives back what a request did not cost after all. Nothing to wait for. */
  settle({ pending }: LimitDecision, settlement: Settlement): void {
    if (pending === undefined) return
    const back = pending.reserved.flatMap((asked) => {
      const charge = settledCharge(asked.charge, settlement, this.#options.cost)
      return charge === undefined ? [] : [{ ...asked, charge }]
    })
    this.#store.giveBack(back, pending.token)
  }

  /** What the client of a refused request is told. */
  refusal(decision: LimitDecision): GatewayError {
    return rateLimitError(decision, this.#options.rejectStatus)
  }

  /** What would be counted, and whom; nothing is. */
  explain(request: LimitedRequest): readonly SubjectUnits[] {
    return this.#planner.countedBy(request)
  }

  #letIn(plan: LimitPlan, decision: LimitDecision, entered: readonly AskedLimits[]): LimitDecision {
    if (plan.reserve.length === 0) return decision
    return { ...decision, pending: { plan, entered, reserved: NOTHING, token: undefined } }
  }

  #reserved(decision: LimitDecision, pending: PendingLimits, run: Run): LimitDecision {
    const later = new Map(run.states.map((state) => [state.rule, state]))
    const earlier = decision.states.filter(({ rule }) => !later.has(rule))
    return {
      ...decision,
      states: [...earlier, ...run.states],
      shadowed: [...decision.shadowed, ...run.shadowed],
      storeFailure: run.storeFailure ?? decision.storeFailure,
      pending: { ...pending, reserved: run.asked, token: run.token },
    }
  }

  #step(run: Run, first: number): Awaitable<LimitDecision> {
    for (let index = first; index < run.charges.length; index += 1) {
      const asked = this.#ask(nth(run.charges, index), run)
      if (isPromise(asked)) {
        return asked.then((late) => this.#noted(run, late) ?? this.#step(run, index + 1))
      }
      const refused = this.#noted(run, asked)
      if (refused !== undefined) return refused
    }
    const { states, shadowed, storeFailure } = run
    // Written out: a spread costs more than all else here.
    return {
      allowed: true,
      states,
      refusedBy: undefined,
      retryAfterMs: 0,
      shadowed,
      storeFailure,
      pending: undefined,
    }
  }

  /** What was taken before a store failed that refuses then goes back, if it can. */
  #ask(charge: SubjectCharge, run: Run): Awaitable<AskedLimits> {
    try {
      const asked = this.#store.take(charge, run.token)
      if (!isPromise(asked)) return asked
      return asked.catch((error: unknown) => this.#failed(run, error))
    } catch (error) {
      return this.#failed(run, error)
    }
  }

  #failed(run: Run, error: unknown): never {
    this.#store.giveBack(run.asked, run.token)
    throw error
  }

  /** Adds what was told of one subject; the refusal, when it is one. */
  #noted(run: Run, asked: AskedLimits): LimitDecision | undefined {
    const { charge, states } = asked
    run.storeFailure ??= asked.storeFailure
    let retryMs = 0
    for (let index = 0; index < states.length; index += 1) {
      const state = nth(states, index)
      const { isShadow, rule } = nth(charge.rules, index)
      if (isShadow) {
        if (state.retryMs > 0) run.shadowed = [...run.shadowed, rule.name]
        continue
      }
      retryMs = Math.max(retryMs, state.retryMs)
      run.states.push(stateOf(asked, index, 0))
    }
    if (retryMs === 0) {
      run.asked.push(asked)
      return undefined
    }
    if (!asked.isLocal) this.#remember(run.phase, asked, retryMs)
    // Subjects are in different places of a cluster: what was taken before another refused goes back.
    this.#store.giveBack(run.asked, run.token)
    return refusal(run.states, asked, retryMs)
  }

  #remember(phase: Phase, { charge, states }: AskedLimits, retryMs: number): void {
    const nowMs = this.#clock.monotonicMs()
    const untilMs = nowMs + Math.min(retryMs, REFUSAL_MEMORY_MAX_MS)
    charge.subject.refusals[phase] = { charge, states, atMs: nowMs, untilMs }
  }

  /** A flood of what was refused a moment ago costs the store nothing. */
  #rememberedRefusal(charges: readonly SubjectCharge[], phase: Phase): LimitDecision | undefined {
    for (const charge of charges) {
      const remembered = charge.subject.refusals[phase]
      if (remembered === undefined) continue
      const nowMs = this.#clock.monotonicMs()
      if (nowMs >= remembered.untilMs) continue
      const elapsedMs = nowMs - remembered.atMs
      const retryMs = stillRefusedMs(remembered.charge, remembered.states, charge, elapsedMs)
      if (retryMs === 0) continue
      const asked = {
        charge: remembered.charge,
        states: remembered.states,
        storeFailure: undefined,
      }
      const states = asked.charge.rules.flatMap(({ isShadow }, index) =>
        isShadow ? [] : [stateOf(asked, index, elapsedMs)],
      )
      return refusal(states, asked, retryMs)
    }
    return undefined
  }

  /** Eight bytes that no other request of any gateway has; `undefined` when nothing is leased. */
  #token(charges: readonly SubjectCharge[]): Buffer | undefined {
    if (!charges.some(({ rules }) => rules.some(({ kind }) => kind === 'lease'))) return undefined
    this.#tokens = (this.#tokens + 1) % TWO_32
    const token = Buffer.alloc(2 * TOKEN_RANDOM_BYTES)
    this.#tokenStart.copy(token)
    token.writeUInt32BE(this.#tokens, TOKEN_RANDOM_BYTES)
    return token
  }
}

function newRun(phase: Phase, charges: readonly SubjectCharge[], token: Buffer | undefined): Run {
  return {
    phase,
    charges,
    token,
    states: [],
    asked: [],
    shadowed: NOTHING,
    storeFailure: undefined,
  }
}

function withoutLeases(charges: readonly SubjectCharge[]): readonly SubjectCharge[] {
  return charges.flatMap(
    (charge) => partOf(charge, (index) => nth(charge.rules, index).kind !== 'lease') ?? [],
  )
}

import { type Awaitable, isPromise } from '../../shared/awaitable.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import { TwoGenerationMap } from '../../shared/two-generation-map.ts'
import type { Store } from '../../store/index.ts'
import { GatewayError } from '../errors.ts'
import type { Identity } from '../identity/identity.ts'
import type { RateLimitOptions, RateLimitRule } from '../options.ts'
import type { LimitDecision, LimitState } from './limit-decision.ts'
import {
  createRuleGroup,
  isIndependentOfIp,
  type RuleGroup,
  rulesOfRole,
  subjectOf,
} from './rules.ts'
import { SlidingWindow, type WindowState } from './sliding-window.ts'

export interface LimiterOptions {
  readonly options: RateLimitOptions
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
}

/** Subjects and roles whose keys and last refusals are remembered, each. */
const SUBJECTS_MAX = 10_000
/** A refusal is told again from memory at most this long: what is given back must be noticed. */
const REFUSAL_MEMORY_MAX_MS = 1_000

const UNLIMITED: LimitDecision = {
  allowed: true,
  states: [],
  refusedBy: undefined,
  retryAfterMs: 0,
}

/** A group and how it last refused, in time that does not jump. */
interface Subject {
  readonly group: RuleGroup
  refusedStates: readonly WindowState[]
  refusedAtMs: number
  refusedUntilMs: number
}

/** Applies the rules of the configuration to requests, with the counts in the store. */
export class Limiter {
  readonly #options: RateLimitOptions
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: Logger
  readonly #window = new SlidingWindow()
  readonly #rulesByRole = new TwoGenerationMap<string, readonly RateLimitRule[]>(SUBJECTS_MAX)
  readonly #subjects = new TwoGenerationMap<string, Subject>(SUBJECTS_MAX)
  readonly #subjectsByIdentity = new WeakMap<Identity, readonly Subject[]>()
  #isStoreFailing = false

  constructor({ options, store, clock, log }: LimiterOptions) {
    this.#options = options
    this.#store = store
    this.#clock = clock
    this.#log = log
  }

  /**
   * Counts one request against every rule that applies to it, or against none when one of them refuses.
   * Answers at once when the store does. Fails only with `store-unavailable`, when the store fails and the
   * options say `closed`.
   */
  take(identity: Identity, clientIp: string): Awaitable<LimitDecision> {
    const subjects = this.#subjectsOf(identity, clientIp)
    if (subjects.length === 0) return UNLIMITED
    const refused = this.#rememberedRefusal(subjects)
    if (refused !== undefined) return refused
    try {
      const decision = this.#takeFrom(subjects, 0, [])
      if (isPromise(decision)) return decision.catch((error: unknown) => this.#withoutStore(error))
      return decision
    } catch (error) {
      return this.#withoutStore(error)
    }
  }

  #takeFrom(
    subjects: readonly Subject[],
    index: number,
    states: readonly LimitState[],
  ): Awaitable<LimitDecision> {
    const subject = subjects[index]
    if (subject === undefined) {
      this.#noteStore(true)
      return { allowed: true, states, refusedBy: undefined, retryAfterMs: 0 }
    }
    const { keys, takeArguments } = subject.group
    const windows = this.#store.run(this.#window, keys, takeArguments)
    if (isPromise(windows)) {
      return windows.then((late) => this.#afterTake(subjects, index, states, late))
    }
    return this.#afterTake(subjects, index, states, windows)
  }

  #afterTake(
    subjects: readonly Subject[],
    index: number,
    states: readonly LimitState[],
    windows: readonly WindowState[],
  ): Awaitable<LimitDecision> {
    const subject = subjects[index]
    if (subject === undefined) return UNLIMITED
    const all = [...states, ...statesOf(subject.group, windows, 0)]
    const retryMs = longestRetryMs(windows)
    if (retryMs === 0) return this.#takeFrom(subjects, index + 1, all)
    this.#noteStore(true)
    const nowMs = this.#clock.monotonicMs()
    subject.refusedStates = windows
    subject.refusedAtMs = nowMs
    subject.refusedUntilMs = nowMs + Math.min(retryMs, REFUSAL_MEMORY_MAX_MS)
    this.#giveBack(subjects.slice(0, index))
    return refusal(all, retryMs, subject.group, windows)
  }

  /** Subjects are in different places of a cluster: what was taken before another refused goes back. */
  #giveBack(subjects: readonly Subject[]): void {
    for (const { group } of subjects) {
      const given = this.#store.run(this.#window, group.keys, group.giveBackArguments)
      if (isPromise(given)) given.catch((error: unknown) => this.#noteStore(false, error))
    }
  }

  #rememberedRefusal(subjects: readonly Subject[]): LimitDecision | undefined {
    const nowMs = this.#clock.monotonicMs()
    for (const { group, refusedStates, refusedAtMs, refusedUntilMs } of subjects) {
      if (nowMs >= refusedUntilMs) continue
      const elapsedMs = nowMs - refusedAtMs
      const retryMs = Math.max(longestRetryMs(refusedStates) - elapsedMs, 1)
      return refusal(statesOf(group, refusedStates, elapsedMs), retryMs, group, refusedStates)
    }
    return undefined
  }

  #subjectsOf(identity: Identity, clientIp: string): readonly Subject[] {
    const known = this.#subjectsByIdentity.get(identity)
    if (known !== undefined) return known
    const rules = this.#rulesOf(identity.role)
    const groups = new Map<string, RateLimitRule[]>()
    for (const rule of rules) {
      const name = subjectOf(rule, identity, clientIp)
      const members = groups.get(name)
      if (members === undefined) groups.set(name, [rule])
      else members.push(rule)
    }
    const subjects = Array.from(groups, ([name, members]) =>
      this.#subject(name, identity.role, members),
    )
    if (isIndependentOfIp(rules, identity)) this.#subjectsByIdentity.set(identity, subjects)
    return subjects
  }

  #rulesOf(role: string): readonly RateLimitRule[] {
    let rules = this.#rulesByRole.get(role)
    if (rules === undefined) {
      rules = this.#options.enabled ? rulesOfRole(this.#options.rules, role) : []
      this.#rulesByRole.set(role, rules)
    }
    return rules
  }

  /** Two tokens of one user share what is remembered, if their role and so their rules are the same. */
  #subject(name: string, role: string, rules: readonly RateLimitRule[]): Subject {
    const key = `${role}\n${name}`
    let subject = this.#subjects.get(key)
    if (subject === undefined) {
      const group = createRuleGroup(name, rules)
      subject = { group, refusedStates: [], refusedAtMs: 0, refusedUntilMs: 0 }
      this.#subjects.set(key, subject)
    }
    return subject
  }

  #withoutStore(error: unknown): LimitDecision {
    this.#noteStore(false, error)
    if (this.#options.onStoreFailure === 'open') return UNLIMITED
    throw new GatewayError('store-unavailable', 'rate limits cannot be checked just now', {
      cause: error,
      headers: { 'retry-after': '1' },
    })
  }

  /** One line when the store begins to fail and one when it is back. */
  #noteStore(isWorking: boolean, error?: unknown): void {
    if (isWorking !== this.#isStoreFailing) return
    this.#isStoreFailing = !isWorking
    const { onStoreFailure } = this.#options
    if (isWorking) this.#log.info({ store: this.#store.name }, 'rate limits are kept again')
    else this.#log.warn({ err: error, onStoreFailure }, 'rate limits cannot be kept')
  }
}

function statesOf(
  { rules, subject }: RuleGroup,
  windows: readonly WindowState[],
  elapsedMs: number,
): readonly LimitState[] {
  return rules.map((rule, index) => {
    const { remaining = rule.limit, resetMs = 0, retryMs = 0 } = windows[index] ?? {}
    const instantMs = retryMs === 0 ? resetMs : retryMs
    return { rule, subject, remaining, resetMs: Math.max(instantMs - elapsedMs, 0) }
  })
}

function longestRetryMs(windows: readonly WindowState[]): number {
  let longestMs = 0
  for (const { retryMs } of windows) longestMs = Math.max(longestMs, retryMs)
  return longestMs
}

function refusal(
  states: readonly LimitState[],
  retryAfterMs: number,
  group: RuleGroup,
  windows: readonly WindowState[],
): LimitDecision {
  const longestMs = longestRetryMs(windows)
  const rule = group.rules[windows.findIndex(({ retryMs }) => retryMs === longestMs)]
  const refusedBy = states.find((state) => state.rule === rule)
  return { allowed: false, states, refusedBy, retryAfterMs }
}

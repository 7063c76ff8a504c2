import { invariant } from '../../shared/assert.ts'
import { cacheKeyDigest, familyKeyDigest, relevantSessionVariables } from '../graphql/cache-key.ts'
import type { PreparedRequest } from '../graphql/operation.ts'
import type { RequestHead } from '../http/answer.ts'
import type { Identity } from '../identity/identity.ts'
import type { Plan } from '../metadata/plan.ts'
import type { KeyTexts, Planner } from '../metadata/planner.ts'
import type { CacheDetail, CacheOptions } from '../options.ts'
import { type CacheTarget, createCacheTarget } from './cache-target.ts'
import { EpochKeys } from './epoch-keys.ts'
import { keyedHeaders } from './keyed-headers.ts'
import { type BypassReason, type CachePolicy, cachePolicy } from './policy.ts'
import { type Selector, selectors } from './selectors.ts'

/** Where the answer to a request may be, or why it is asked of the upstream each time. */
export type CacheDecision = Target | Bypass

export interface Target {
  readonly target: CacheTarget
  /** Hasura's `@cached(refresh: true)`: fetch, and keep what was fetched. */
  readonly refresh: boolean
}

export interface Bypass {
  readonly target: undefined
  readonly reason: BypassReason
}

/** Of one request asked by one role. */
interface RoleDecisions {
  readonly plan: Plan
  readonly policy: CachePolicy
  readonly bypass: Bypass | undefined
  /** What is asked, in the key. */
  readonly texts: KeyTexts
  /** Of the plans, when this was decided. */
  readonly version: string
  /** By the values of the session variables that the answer depends on. */
  readonly byScope: Map<string, Target>
}

interface Scoped extends RoleDecisions {
  readonly scope: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** What a request for this client alone is sent with: names and values in turn. */
export type HeadersOf = (head: RequestHead, identity: Identity) => readonly string[]

export interface CacheDecisionsParts {
  readonly planner: Planner
  readonly options: CacheOptions
  readonly headersOf: HeadersOf
  /** What clients of a role are told of the cache. */
  readonly detailOf: (role: string) => CacheDetail
}

const NO_HEADERS: Scoped['headers'] = []

/**
 * Plans, judges and keys requests, and remembers it: the request that comes again, from whoever shares its
 * answer, costs three look-ups and hashes nothing but the few session variables that matter.
 */
export class CacheDecisions {
  readonly #planner: Planner
  readonly #options: CacheOptions
  readonly #headersOf: HeadersOf
  readonly #detailOf: (role: string) => CacheDetail
  readonly #epochKeys: EpochKeys
  #byRequest = new WeakMap<PreparedRequest, Map<string, RoleDecisions>>()
  #wholeSessions = new WeakMap<Identity, string>()
  #count = 0

  constructor({ planner, options, headersOf, detailOf }: CacheDecisionsParts) {
    this.#planner = planner
    this.#options = options
    this.#headersOf = headersOf
    this.#detailOf = detailOf
    this.#epochKeys = new EpochKeys(options.memoEntriesMax)
  }

  plan({ operation, variables }: PreparedRequest, role: string): Plan {
    return this.#planner.plan(operation, role, variables)
  }

  of(prepared: PreparedRequest, identity: Identity, head: RequestHead): CacheDecision {
    const decisions = this.#ofRole(prepared, identity.role)
    if (decisions.bypass !== undefined) return decisions.bypass
    const headers = this.#headersFor(decisions.plan, identity, head)
    let scope = this.#scopeOf(decisions.plan, identity)
    for (const [name, value] of headers) scope += lengthPrefixed(name) + lengthPrefixed(value)
    const known = decisions.byScope.get(scope)
    return known ?? this.#decide(prepared, identity, { ...decisions, scope, headers })
  }

  #headersFor(
    { forwardedHeaders }: Plan,
    identity: Identity,
    head: RequestHead,
  ): Scoped['headers'] {
    if (forwardedHeaders === undefined) return NO_HEADERS
    return keyedHeaders(this.#headersOf(head, identity), forwardedHeaders)
  }

  /** Whenever plans may have changed. */
  clear(): void {
    this.#byRequest = new WeakMap()
    this.#count = 0
  }

  #ofRole(prepared: PreparedRequest, role: string): RoleDecisions {
    let byRole = this.#byRequest.get(prepared)
    if (byRole === undefined) {
      byRole = new Map()
      this.#byRequest.set(prepared, byRole)
    }
    let decisions = byRole.get(role)
    if (decisions === undefined) {
      decisions = this.#judge(prepared, role)
      byRole.set(role, decisions)
    }
    return decisions
  }

  #judge(prepared: PreparedRequest, role: string): RoleDecisions {
    const plan = this.plan(prepared, role)
    const policy = cachePolicy(prepared.operation, plan, role, this.#options)
    const bypass =
      policy.bypass === undefined ? undefined : { target: undefined, reason: policy.bypass }
    const texts = this.#textsOf(prepared, bypass === undefined)
    return { plan, policy, bypass, texts, version: this.#planner.version, byScope: new Map() }
  }

  #textsOf(prepared: PreparedRequest, isKept: boolean): KeyTexts {
    const isTyped = isKept && this.#options.normalisation === 'schema'
    const typed = isTyped ? this.#planner.keyTexts(prepared) : undefined
    const { operation, variablesText } = prepared
    return typed ?? { operationDigest: operation.digest, variablesText }
  }

  #decide(
    prepared: PreparedRequest,
    identity: Identity,
    { plan, policy, byScope, scope, headers, texts, version }: Scoped,
  ): Target {
    invariant(policy.bypass === undefined, 'what is bypassed has no target')
    const { operation } = prepared
    const { role, sessionVariables } = identity
    const variables = relevantSessionVariables(plan.sessionVariables, sessionVariables)
    const digest = cacheKeyDigest({
      ...texts,
      role,
      sessionVariables: variables,
      forwardedHeaders: headers,
      metadataVersion: version,
    })
    const target = createCacheTarget({
      digest,
      familyDigest: familyKeyDigest({ familyDigest: operation.familyDigest, role }),
      ttlMs: policy.ttlMs,
      ttlJitter: policy.ttlJitter,
      staleness: policy.staleness,
      reads: plan.reads,
      forwardsHeaders: plan.forwardedHeaders !== undefined,
      detail: this.#detailOf(role),
      epochKeyOf: this.#epochKeys.of,
      selectors: selectorsOf(operation.name, role, variables),
    })
    this.#makeRoom()
    const decision = { target, refresh: policy.refresh }
    byScope.set(scope, decision)
    return decision
  }

  /** Bounded as a whole, since one request may have as many scopes as there are users: full, it starts anew. */
  #makeRoom(): void {
    if (this.#count >= this.#options.memoEntriesMax) this.clear()
    this.#count += 1
  }

  #scopeOf({ sessionVariables: names }: Plan, identity: Identity): string {
    if (names === 'all') return this.#wholeSession(identity)
    let scope = ''
    for (const name of names) scope += lengthPrefixed(identity.sessionVariables.get(name))
    return scope
  }

  #wholeSession(identity: Identity): string {
    let session = this.#wholeSessions.get(identity)
    if (session === undefined) {
      const variables = [...identity.sessionVariables].sort(([one], [other]) =>
        one < other ? -1 : 1,
      )
      session = variables.flat().map(lengthPrefixed).join('')
      this.#wholeSessions.set(identity, session)
    }
    return session
  }
}

function selectorsOf(
  operationName: string | undefined,
  role: string,
  variables: readonly (readonly [name: string, value: string | undefined])[],
): readonly Selector[] {
  return [
    selectors.role(role),
    ...(operationName === undefined ? [] : [selectors.operation(operationName)]),
    ...variables.flatMap(([name, value]) =>
      value === undefined ? [] : [selectors.variable(name, value)],
    ),
  ]
}

/** So that no two lists of values read the same when put together. */
function lengthPrefixed(value: string | undefined): string {
  return value === undefined ? '-' : `${value.length}:${value}`
}

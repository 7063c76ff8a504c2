import { nth } from '../../shared/assert.ts'
import { runSteps } from '../../shared/steps.ts'
import { keyedHeaders } from '../cache/keyed-headers.ts'
import { type CachePolicy, cachePolicy, ruleFor } from '../cache/policy.ts'
import type { ResolvedRequest } from '../documents/document-resolver.ts'
import { GatewayError } from '../errors.ts'
import type {
  BatchMember,
  DocumentReference,
  Operation,
  PreparedRequest,
} from '../graphql/operation.ts'
import { normalizedText } from '../graphql/read-operation.ts'
import type { RequestHead } from '../http/answer.ts'
import { ownRequestHeaders } from '../http/forward-headers.ts'
import type { GraphqlParts } from '../http/graphql-parts.ts'
import { adminIdentity } from '../identity/client-identity.ts'
import type { Identity } from '../identity/identity.ts'
import type { PlanExplanation } from '../metadata/explanation.ts'
import type { MetadataSync } from '../metadata/metadata-sync.ts'
import type { Plan } from '../metadata/plan.ts'
import type { GatewayOptions } from '../options.ts'
import { digestOf, userSubject } from '../ratelimit/subject.ts'
import { subjectPartText } from '../ratelimit/subject-part.ts'
import { type ExplainOrder, readExplainOrder } from './explain-order.ts'
import type { Judge } from './judge.ts'
import type {
  BatchExplanation,
  ExplainedLimit,
  ExplainedOperation,
  ExplainedPlan,
  ExplainedTtl,
  Explanation,
  KeyedVariable,
  RefusedRequest,
  RequestExplanation,
} from './request-explanation.ts'

export interface ExplainerOptions {
  readonly graphql: GraphqlParts
  readonly metadata: Pick<MetadataSync, 'planner' | 'snapshot'>
  readonly judge: Judge
  readonly options: Pick<GatewayOptions, 'cache' | 'limits'>
}

/**
 * Tells what would become of a request, and why, by the parts that would decide it. Nothing is asked of the
 * upstream, counted, kept or changed.
 */
export class Explainer {
  readonly #options: ExplainerOptions

  constructor(options: ExplainerOptions) {
    this.#options = options
  }

  /** `order`: the body of POST /explain. Throws the GatewayError that the client would get, or one of the order. */
  async explain(order: Buffer): Promise<Explanation> {
    const { options, graphql } = this.#options
    const read = readExplainOrder(order, options.limits.jsonDepthMax)
    const head = headOf(read)
    const asker = { head, identity: await this.#identityOf(read, head), address: read.address }
    const prepared = graphql.requests.prepare(read.body)
    if (prepared.kind !== 'batch') return await this.#explainOne(asker, prepared, read.body)
    const batch: BatchExplanation['batch'][number][] = []
    for (const member of prepared.members) batch.push(await this.#explainMember(asker, member))
    return { batch }
  }

  async #explainMember(
    asker: Asker,
    { request, body }: BatchMember,
  ): Promise<RequestExplanation | RefusedRequest> {
    try {
      if (request instanceof GatewayError) throw request
      return await this.#explainOne(asker, request, body)
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      return { path: error.path, error: error.message, code: error.code }
    }
  }

  async #explainOne(
    asker: Asker,
    request: PreparedRequest | DocumentReference,
    bytes: Buffer,
  ): Promise<RequestExplanation> {
    const { options, graphql, metadata, judge } = this.#options
    const { cache } = options
    const { head, identity } = asker
    const { prepared, body } = await this.#resolve(asker, request, bytes)
    const { operation, variables } = prepared
    graphql.queryLimits.check(prepared, identity.role)
    const planned = metadata.planner.explain(operation, identity.role, variables)
    const policy = cachePolicy(operation, planned.plan, identity.role, cache)
    const decision = graphql.decisions.of(prepared, identity, head)
    return {
      operation: this.#operation(prepared, body, identity.role),
      identity: { kind: identity.kind, role: identity.role, userId: identity.userId },
      limits: this.#limits(asker, prepared),
      plan: this.#plan(planned, identity, head),
      ttl: this.#ttl(operation, planned.plan, identity.role, policy),
      keys: decision.target && {
        cacheKey: decision.target.cacheKey,
        familyKey: decision.target.familyKey,
      },
      verdict: await judge.judge(operation, decision),
    }
  }

  async #identityOf({ role, session }: ExplainOrder, head: RequestHead): Promise<Identity> {
    if (role === undefined && session === undefined) {
      return await this.#options.graphql.identities.resolve(head.headers)
    }
    const asked = role ?? session?.get('x-hasura-role')
    if (asked === undefined) {
      throw new GatewayError('parse-failed', 'a session has a role', { path: '$.role' })
    }
    const variables = new Map(session).set('x-hasura-role', asked)
    return adminIdentity(Object.fromEntries([...variables].map(asHeader)), undefined)
  }

  async #resolve(
    { identity, address }: Asker,
    prepared: PreparedRequest | DocumentReference,
    body: Buffer,
  ): Promise<ResolvedRequest> {
    const { documents } = this.#options.graphql
    if (prepared.kind === 'reference') {
      const subject = digestOf(userSubject(identity, address).id)
      return await runSteps(documents.resolve(prepared, { identity, subject }))
    }
    documents.refuseUnnamed(identity)
    return { prepared, body }
  }

  #operation(
    { operation, variablesText }: PreparedRequest,
    body: Buffer,
    role: string,
  ): ExplainedOperation {
    const { limits } = this.#options.options
    const { depthMax, nodesMax } = this.#options.graphql.queryLimits.of(role)
    return {
      kind: operation.kind,
      name: operation.name,
      document: normalizedText(body, limits),
      variables: variablesText,
      depth: { is: operation.depth, max: depthMax },
      nodes: { is: operation.nodes, max: nodesMax },
    }
  }

  #limits({ identity, head }: Asker, prepared: PreparedRequest): readonly ExplainedLimit[] {
    const counted = this.#options.graphql.limiter.explain({ identity, head, prepared })
    return counted.flatMap(({ subject, units }) =>
      subject.rules.map(({ rule, unit, isShadow }, index) => ({
        name: rule.name,
        per: rule.per.map(subjectPartText),
        unit,
        algorithm: rule.algorithm ?? 'window',
        limit: rule.limit,
        windowMs: rule.windowMs,
        isShadow,
        subject: subject.label,
        cost: nth(units, index),
      })),
    )
  }

  #plan(planned: PlanExplanation, identity: Identity, head: RequestHead): ExplainedPlan {
    const { graphql, metadata } = this.#options
    const { plan, forwardedHeaders, reads, writes, uncacheable, onRequestOnly } = planned
    const sent = ownRequestHeaders(head, identity, graphql.sessionCookieName)
    const keyed = plan.forwardedHeaders ? keyedHeaders(sent, plan.forwardedHeaders) : []
    return {
      isByMetadata: metadata.snapshot().isLoaded,
      metadataVersion: metadata.planner.version,
      tables: tablesOf(plan),
      sessionVariables: keyedVariables(planned, identity),
      headers: [...new Set(keyed.map(([name]) => name))],
      forwardedHeaders,
      reads,
      writes,
      uncacheable,
      onRequestOnly,
    }
  }

  #ttl(
    operation: Operation,
    plan: Plan,
    role: string,
    policy: CachePolicy,
  ): ExplainedTtl | undefined {
    if (policy.bypass !== undefined) return undefined
    const { cache } = this.#options.options
    const { cached } = operation
    const isDirected = cached !== undefined && cached !== 'invalid'
    const rule = isDirected ? undefined : ruleFor(cache.rules, operation, plan, role)
    const seconds = isDirected ? cached.ttlSeconds : undefined
    const askedMs = rule?.ttlMs ?? (seconds === undefined ? cache.ttlMs : seconds * 1_000)
    return {
      ttlMs: policy.ttlMs,
      source: rule !== undefined ? 'rule' : seconds === undefined ? 'default' : 'directive',
      ruleNumber: rule && cache.rules.indexOf(rule) + 1,
      rule,
      isCapped: askedMs > policy.ttlMs,
      jitter: policy.ttlJitter,
      staleWhileRevalidateMs: policy.staleness.whileRevalidateMs,
      staleIfErrorMs: policy.staleness.ifErrorMs,
    }
  }
}

interface Asker {
  readonly head: RequestHead
  readonly identity: Identity
  readonly address: string
}

function headOf({ headers, address }: ExplainOrder): RequestHead {
  const sent = Object.fromEntries([...headers].map(asHeader))
  return {
    headers: { 'content-type': 'application/json', ...sent },
    requestId: 'explain',
    socketAddress: address,
    trustedHops: 0,
  }
}

/** As Node.js would have read it. */
function asHeader([name, value]: readonly [string, string]): [string, string] {
  return [name, Buffer.from(value).toString('latin1')]
}

const TABLE_TAG = /^(?:table|rows):/

function tablesOf({ reads, writes }: Plan): readonly string[] {
  const tags = [...reads, ...writes].filter((tag) => TABLE_TAG.test(tag))
  return [...new Set(tags.map((tag) => tag.replace(TABLE_TAG, '')))].sort()
}

/** Of a whole session each variable, with the reasons for the whole. */
function keyedVariables(
  { plan, sessionVariables: reasons }: PlanExplanation,
  { sessionVariables: session }: Identity,
): readonly KeyedVariable[] {
  const becauseOf = (name: string): readonly string[] =>
    reasons.flatMap(({ value, because }) => (value === name ? because : []))
  const names = plan.sessionVariables === 'all' ? [...session.keys()].sort() : plan.sessionVariables
  return names.map((name) => ({
    name,
    value: session.get(name),
    because: [...becauseOf(name), ...becauseOf('all')],
  }))
}

import type { QueryLimitRule, RequestLimits, RuledLimit } from '../options.ts'

type Ceilings = Pick<RequestLimits, RuledLimit>

/** What one role may ask for: never more than anybody may. */
export interface RoleLimits extends Ceilings {
  /** How long the upstream may take; `undefined`: as long as for anybody. */
  readonly timeMs: number | undefined
  /** Whether the schema may be asked for. */
  readonly introspection: boolean
  /** A request that anybody may send, this role may send. */
  readonly isOpen: boolean
}

/** What Hasura's metadata says of one role. */
export interface MetadataLimits {
  readonly depthMax: number | undefined
  readonly nodesMax: number | undefined
  readonly batchMax: number | undefined
  readonly timeMs: number | undefined
  readonly introspection: boolean | undefined
}

/**
 * `ceilings` are for everybody. Of `rules`, those that apply to the role, the first that gives a limit counts;
 * where none does, `metadata`.
 */
export function roleLimits(
  ceilings: RequestLimits,
  rules: readonly QueryLimitRule[],
  metadata: MetadataLimits,
): RoleLimits {
  const given = <Name extends keyof QueryLimitRule>(name: Name): QueryLimitRule[Name] =>
    rules.find((rule) => rule[name] !== undefined)?.[name]
  const bounded = (name: keyof Ceilings, otherwise?: number): number =>
    Math.min(ceilings[name], given(name) ?? otherwise ?? Number.POSITIVE_INFINITY)
  const limits: Ceilings = {
    bodyBytesMax: bounded('bodyBytesMax'),
    urlLengthMax: bounded('urlLengthMax'),
    tokensMax: bounded('tokensMax'),
    depthMax: bounded('depthMax', metadata.depthMax),
    nodesMax: bounded('nodesMax', metadata.nodesMax),
    aliasesMax: bounded('aliasesMax'),
    rootFieldsMax: bounded('rootFieldsMax'),
    directivesMax: bounded('directivesMax'),
    batchMax: bounded('batchMax', metadata.batchMax),
    variablesBytesMax: bounded('variablesBytesMax'),
    variablesDepthMax: bounded('variablesDepthMax'),
  }
  const timeMs = given('timeMs') ?? metadata.timeMs ?? Number.POSITIVE_INFINITY
  const introspection = given('introspection') ?? metadata.introspection ?? true
  const isAsWide = Object.entries(limits).every(
    ([name, max]) => max === Reflect.get(ceilings, name),
  )
  return {
    ...limits,
    timeMs: timeMs <= TIMER_MAX_MS ? timeMs : undefined,
    introspection,
    isOpen: introspection && isAsWide,
  }
}

/** Longer ones a timer of Node.js would take for none at all. */
const TIMER_MAX_MS = 2 ** 31 - 1

import { TwoGenerationMap } from '../../shared/two-generation-map.ts'
import type { PreparedRequest } from '../graphql/operation.ts'
import type { RequestRules, RoleLimit } from '../metadata/request-rules.ts'
import type { QueryLimitOptions, QueryLimitRule, RequestLimits } from '../options.ts'
import { introspectionRefused } from './introspection.ts'
import { bodyTooLarge, limitExceeded, variablesTooDeep, variablesTooLarge } from './limit-errors.ts'
import { type MetadataLimits, type RoleLimits, roleLimits } from './role-limits.ts'

export interface QueryLimitsOptions {
  /** Of everybody: what is beyond them has been refused before. */
  readonly ceilings: RequestLimits
  readonly options: QueryLimitOptions
  /** Of Hasura's metadata; the same object until they change, `undefined` until they are known. */
  readonly requestRules: () => RequestRules | undefined
}

/** Roles come out of tokens: what is remembered of them is bounded. */
const ROLES_MAX = 1_000

/**
 * What each role may ask for. Looked at for every request, before the cache is: it compares numbers that were
 * counted when the document was read, and nothing at all for roles without limits of their own.
 */
export class QueryLimits {
  readonly #options: QueryLimitsOptions
  readonly #byRole = new TwoGenerationMap<string, RoleLimits>(ROLES_MAX)
  #rules: RequestRules | undefined

  constructor(options: QueryLimitsOptions) {
    this.#options = options
  }

  of(role: string): RoleLimits {
    const rules = this.#options.requestRules()
    if (rules !== this.#rules) {
      this.#rules = rules
      this.#byRole.clear()
    }
    let limits = this.#byRole.get(role)
    if (limits === undefined) {
      limits = this.#limitsOf(role)
      this.#byRole.set(role, limits)
    }
    return limits
  }

  /** Throws for what the role may not ask. */
  check({ operation, variablesBytes, variablesDepth }: PreparedRequest, role: string): void {
    const max = this.of(role)
    if (max.isOpen) return
    if (operation.tokens > max.tokensMax) {
      throw limitExceeded('token-limit-exceeded', max.tokensMax, '$.query')
    }
    if (operation.depth > max.depthMax) throw limitExceeded('depth-limit-exceeded', max.depthMax)
    if (operation.nodes > max.nodesMax) throw limitExceeded('node-limit-exceeded', max.nodesMax)
    if (operation.aliases > max.aliasesMax) {
      throw limitExceeded('alias-limit-exceeded', max.aliasesMax)
    }
    if (operation.rootFields.length > max.rootFieldsMax) {
      throw limitExceeded('root-field-limit-exceeded', max.rootFieldsMax)
    }
    if (operation.directives > max.directivesMax) {
      throw limitExceeded('directive-limit-exceeded', max.directivesMax)
    }
    if (variablesBytes > max.variablesBytesMax) throw variablesTooLarge(max.variablesBytesMax)
    if (variablesDepth > max.variablesDepthMax) throw variablesTooDeep(max.variablesDepthMax)
    if (!max.introspection && operation.introspected !== undefined) {
      throw introspectionRefused(operation.introspected, operation.kind)
    }
  }

  /** Of a request, or of all of a batch. */
  checkBody(bytes: number, role: string): void {
    const { bodyBytesMax } = this.of(role)
    if (bytes > bodyBytesMax) throw bodyTooLarge(bodyBytesMax)
  }

  checkBatch(members: number, role: string): void {
    const { batchMax } = this.of(role)
    if (members > batchMax) throw limitExceeded('batch-limit-exceeded', batchMax)
  }

  #limitsOf(role: string): RoleLimits {
    const { ceilings, options } = this.#options
    const rules = options.rules.filter((rule) => appliesTo(rule, role))
    return roleLimits(ceilings, rules, this.#metadataLimits(role))
  }

  /** As Hasura EE enforces them: admins are exempt from all. */
  #metadataLimits(role: string): MetadataLimits {
    const { enforcesApiLimits } = this.#options.options
    const introspection = this.#rules?.introspectionOffFor.has(role) === true ? false : undefined
    const limits = this.#rules?.apiLimits
    const isEnforced = enforcesApiLimits && limits?.isDisabled === false && role !== 'admin'
    const maxOf = (limit: RoleLimit<number> | undefined): number | undefined =>
      isEnforced ? (limit?.perRole.get(role) ?? limit?.global) : undefined
    return {
      depthMax: maxOf(limits?.depth),
      nodesMax: maxOf(limits?.nodes),
      batchMax: maxOf(limits?.batchSize),
      timeMs: maxOf(limits?.timeMs),
      introspection,
    }
  }
}

function appliesTo({ roles }: QueryLimitRule, role: string): boolean {
  return roles === undefined ? role !== 'admin' : roles.includes(role)
}

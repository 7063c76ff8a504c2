import { describe, expect, it } from 'vitest'
import type { PreparedRequest } from '../../../../src/gateway/graphql/operation.ts'
import { QueryLimits } from '../../../../src/gateway/limits/query-limits.ts'
import {
  type RequestRules,
  readRequestRules,
} from '../../../../src/gateway/metadata/request-rules.ts'
import type { QueryLimitRule } from '../../../../src/gateway/options.ts'
import { LIMITS, preparer, refusal } from '../../../support/prepare.ts'

interface Given {
  readonly rules?: readonly QueryLimitRule[]
  /** Of the metadata. */
  readonly metadata?: object
  readonly enforcesApiLimits?: boolean
}

function limitsOf({ rules = [], metadata, enforcesApiLimits = true }: Given): QueryLimits {
  const requestRules = metadata && readRequestRules(metadata, [])
  return new QueryLimits({
    ceilings: LIMITS,
    options: { rules, enforcesApiLimits },
    requestRules: () => requestRules,
  })
}

const rulesOf = (api_limits: object): RequestRules => readRequestRules({ api_limits }, [])

function requestOf(query: string, variables: object = {}): PreparedRequest {
  const prepared = preparer().prepare(Buffer.from(JSON.stringify({ query, variables })))
  if (prepared.kind !== 'single') throw new Error('it is one request')
  return prepared
}

const QUERY = '{ x: a @d { b { c } } y: e { f } }'
/** Of the query above. */
const MEASURES: readonly (readonly [
  message: string,
  code: string,
  is: number,
  ruleOf: (max: number) => QueryLimitRule,
])[] = [
  ['token limit of 18 exceeded', 'token-limit-exceeded', 19, (tokensMax) => ({ tokensMax })],
  ['depth limit of 1 exceeded', 'depth-limit-exceeded', 2, (depthMax) => ({ depthMax })],
  ['node limit of 2 exceeded', 'node-limit-exceeded', 3, (nodesMax) => ({ nodesMax })],
  ['alias limit of 1 exceeded', 'alias-limit-exceeded', 2, (aliasesMax) => ({ aliasesMax })],
  [
    'root field limit of 1 exceeded',
    'root-field-limit-exceeded',
    2,
    (rootFieldsMax) => ({ rootFieldsMax }),
  ],
  [
    'directive limit of 0 exceeded',
    'directive-limit-exceeded',
    1,
    (directivesMax) => ({ directivesMax }),
  ],
  [
    'variables limit of 15 bytes exceeded',
    'variables-limit-exceeded',
    16,
    (variablesBytesMax) => ({ variablesBytesMax }),
  ],
  [
    'variables depth limit of 2 exceeded',
    'variables-limit-exceeded',
    3,
    (variablesDepthMax) => ({ variablesDepthMax }),
  ],
]

describe('a rule', () => {
  const request = requestOf(QUERY, { v: [{ é: 1 }] })

  it.each(MEASURES)(
    'lets pass at the limit, and below it tells: %s',
    (message, code, is, ruleOf) => {
      const at = limitsOf({ rules: [ruleOf(is)] })
      expect(() => at.check(request, 'user')).not.toThrow()
      const below = limitsOf({ rules: [ruleOf(is - 1)] })
      expect(refusal(() => below.check(request, 'user'))).toMatchObject({ code, message })
      expect(() => below.check(request, 'admin')).not.toThrow()
    },
  )

  it('limits bodies and batches', () => {
    const limits = limitsOf({ rules: [{ bodyBytesMax: 10, batchMax: 2 }] })
    expect(() => limits.checkBody(10, 'user')).not.toThrow()
    expect(refusal(() => limits.checkBody(11, 'user')).code).toBe('payload-too-large')
    expect(() => limits.checkBatch(2, 'user')).not.toThrow()
    expect(refusal(() => limits.checkBatch(3, 'user'))).toMatchObject({
      code: 'batch-limit-exceeded',
      message: 'batch limit of 2 exceeded',
    })
    expect(() => limits.checkBody(11, 'admin')).not.toThrow()
  })

  it('applies to the roles it names, admins too', () => {
    const limits = limitsOf({ rules: [{ roles: ['guest', 'admin'], depthMax: 1 }] })
    const depths = ['guest', 'admin', 'user'].map((role) => limits.of(role).depthMax)
    expect(depths).toEqual([1, 1, LIMITS.depthMax])
  })

  it('gives what no earlier one for the role does', () => {
    const rules = [
      { roles: ['guest'], depthMax: 9, introspection: true },
      { depthMax: 3, nodesMax: 5, introspection: false },
    ]
    const limits = limitsOf({ rules })
    expect(limits.of('guest')).toMatchObject({ depthMax: 9, nodesMax: 5, introspection: true })
    expect(limits.of('user')).toMatchObject({ depthMax: 3, nodesMax: 5, introspection: false })
  })

  it('never allows more than anybody may ask', () => {
    expect(limitsOf({ rules: [{ depthMax: 1_000 }] }).of('user').depthMax).toBe(LIMITS.depthMax)
  })
})

const API_LIMITS = {
  depth_limit: { global: 5, per_role: { guest: 1 } },
  node_limit: { global: 7 },
  batch_limit: { global: 3, per_role: { guest: 2 } },
  time_limit: { global: 2.5, per_role: { guest: 1 } },
}

describe('Hasura’s api_limits', () => {
  const enforced = ({ depthMax, nodesMax, batchMax, timeMs }: ReturnType<QueryLimits['of']>) => {
    return { depthMax, nodesMax, batchMax, timeMs }
  }
  const NONE = {
    depthMax: LIMITS.depthMax,
    nodesMax: LIMITS.nodesMax,
    batchMax: LIMITS.batchMax,
    timeMs: undefined,
  }

  it('count for all roles but admin, those per role before the global ones', () => {
    const limits = limitsOf({ metadata: { api_limits: API_LIMITS } })
    expect(enforced(limits.of('user'))).toEqual({
      depthMax: 5,
      nodesMax: 7,
      batchMax: 3,
      timeMs: 2_500,
    })
    expect(enforced(limits.of('guest'))).toEqual({
      depthMax: 1,
      nodesMax: 7,
      batchMax: 2,
      timeMs: 1_000,
    })
    expect(enforced(limits.of('admin'))).toEqual(NONE)
  })

  it.each([
    ['they are disabled', { metadata: { api_limits: { ...API_LIMITS, disabled: true } } }],
    [
      'they are not to be enforced',
      { metadata: { api_limits: API_LIMITS }, enforcesApiLimits: false },
    ],
    ['there are none', { metadata: {} }],
    ['the metadata is not known', {}],
  ])('do not count when %s', (_when, given) => {
    const limits = limitsOf(given)
    expect(enforced(limits.of('user'))).toEqual(NONE)
    expect(limits.of('user').isOpen).toBe(true)
  })

  it('give way to a rule, limit by limit', () => {
    const rules = [{ roles: ['guest'], depthMax: 4, timeMs: 10 }]
    const limits = limitsOf({ rules, metadata: { api_limits: API_LIMITS } })
    expect(enforced(limits.of('guest'))).toEqual({
      depthMax: 4,
      nodesMax: 7,
      batchMax: 2,
      timeMs: 10,
    })
  })

  it('may be 0, and longer than any timer', () => {
    const api_limits = { depth_limit: { global: 0 }, time_limit: { global: 1e9 } }
    const limits = limitsOf({ metadata: { api_limits } })
    expect(() => limits.check(requestOf('{ a }'), 'user')).not.toThrow()
    expect(refusal(() => limits.check(requestOf('{ a { b } }'), 'user')).message).toBe(
      'depth limit of 0 exceeded',
    )
    expect(limits.of('user').timeMs).toBeUndefined()
  })

  it('are those of the newest metadata', () => {
    let rules: RequestRules | undefined
    const limits = new QueryLimits({
      ceilings: LIMITS,
      options: { rules: [], enforcesApiLimits: true },
      requestRules: () => rules,
    })
    const depths = [undefined, 5, 6, undefined].map((global) => {
      rules = global === undefined ? undefined : rulesOf({ depth_limit: { global } })
      return limits.of('user').depthMax
    })
    expect(depths).toEqual([LIMITS.depthMax, 5, 6, LIMITS.depthMax])
  })
})

describe('introspection', () => {
  const disabled = { graphql_schema_introspection: { disabled_for_roles: ['guest'] } }

  it.each([
    ['a rule', { rules: [{ roles: ['guest'], introspection: false }] }],
    ['the metadata', { metadata: disabled }],
  ])('is off by %s, in Hasura’s words', (_by, given) => {
    const limits = limitsOf(given)
    expect(refusal(() => limits.check(requestOf('{ x: __schema { a } }'), 'guest'))).toEqual({
      code: 'introspection-disabled',
      message: "field '__schema' not found in type: 'query_root'",
      path: '$.selectionSet.__schema',
    })
    expect(() => limits.check(requestOf('{ __typename }'), 'guest')).not.toThrow()
    expect(() => limits.check(requestOf('{ __schema { a } }'), 'user')).not.toThrow()
  })

  it('is on by a rule, whatever the metadata says', () => {
    const limits = limitsOf({ rules: [{ introspection: true }], metadata: disabled })
    expect(() => limits.check(requestOf('{ __schema { a } }'), 'guest')).not.toThrow()
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planOn, relationships, table, tag } from '../../../support/plan-of.ts'

/**
 * Random permissions on tables that all know each other: t0 … t3, each with relationships to0 … to3. What a
 * plan must cover is worked out here by brute force, from what was generated.
 */
const TABLES = [0, 1, 2, 3]
const name = (index: number) => `t${index}`
const TO = Object.fromEntries(TABLES.map((index) => [`to${index}`, name(index)]))

interface Filter {
  readonly json: object
  readonly variables: readonly string[]
  readonly tables: readonly number[]
}

const variable = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
const spelling = fc.constantFrom('X-Hasura-', 'x-hasura-', 'X-HASURA-')
const target = fc.constantFrom(...TABLES)

const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant<Filter>({ json: {}, variables: [], tables: [] }),
    fc.record({ variable, spelling, operator: fc.constantFrom('_eq', '_in', '_gt') }).map(
      (leaf): Filter => ({
        json: { column: { [leaf.operator]: leaf.spelling + leaf.variable } },
        variables: [`x-hasura-${leaf.variable}`],
        tables: [],
      }),
    ),
    fc.tuple(target, tie('filter')).map(
      ([index, inner]): Filter => ({
        json: { [`to${index}`]: inner.json },
        variables: inner.variables,
        tables: [index, ...inner.tables],
      }),
    ),
    fc.tuple(target, tie('filter')).map(
      ([index, inner]): Filter => ({
        json: { _exists: { _table: { schema: 'public', name: name(index) }, _where: inner.json } },
        variables: inner.variables,
        tables: [index, ...inner.tables],
      }),
    ),
    fc.tuple(fc.constantFrom('_and', '_or'), fc.array(tie('filter'), { maxLength: 3 })).map(
      ([operator, parts]): Filter => ({
        json: { [operator]: parts.map(({ json }) => json) },
        variables: parts.flatMap(({ variables }) => variables),
        tables: parts.flatMap(({ tables }) => tables),
      }),
    ),
    tie('filter').map((inner): Filter => ({ ...inner, json: { _not: inner.json } })),
  ),
}))

interface Selection {
  readonly text: string
  /** Tables whose rows the role sees. */
  readonly tables: readonly number[]
}

const { where } = fc.letrec<{ where: Selection }>((tie) => ({
  where: fc.oneof(
    { depthSize: 'small' },
    fc.constant<Selection>({ text: '{}', tables: [] }),
    fc.tuple(target, fc.constantFrom('', '_aggregate'), tie('where')).map(
      ([index, suffix, inner]): Selection => ({
        text: `{to${index}${suffix}: ${suffix === '' ? inner.text : `{count: {filter: ${inner.text}}}`}}`,
        tables: [index, ...inner.tables],
      }),
    ),
    fc.array(tie('where'), { maxLength: 2 }).map(
      (parts): Selection => ({
        text: `{_or: [${parts.map(({ text }) => text).join(', ')}]}`,
        tables: parts.flatMap(({ tables }) => tables),
      }),
    ),
  ),
}))

const { fields } = fc.letrec<{ fields: Selection }>((tie) => ({
  fields: fc.oneof(
    { depthSize: 'small' },
    fc.constant<Selection>({ text: '{ id }', tables: [] }),
    fc.tuple(target, fc.boolean(), where, tie('fields')).map(
      ([index, isAggregate, filtered, inner]): Selection => ({
        text: isAggregate
          ? `{ to${index}_aggregate(where: ${filtered.text}) { nodes ${inner.text} } }`
          : `{ id to${index}(where: ${filtered.text}) ${inner.text} }`,
        tables: [index, ...filtered.tables, ...inner.tables],
      }),
    ),
  ),
}))

const query = fc.tuple(target, where, fields).map(
  ([index, filtered, inner]): Selection => ({
    text: `{ t${index}(where: ${filtered.text}) ${inner.text} }`,
    tables: [index, ...filtered.tables, ...inner.tables],
  }),
)

interface KeyUse {
  readonly field: string
  readonly variables: object | undefined
  /** `undefined` for any row. */
  readonly key: number | undefined
  readonly isPlain: boolean
}

const spelledKey = fc
  .tuple(fc.integer({ min: -2, max: 2 }), fc.constantFrom('literal', 'text', 'variable', 'zeros'))
  .map(([key, how]) => {
    const zeros = `${key < 0 ? '-' : ''}0${Math.abs(key)}`
    const text = how === 'zeros' ? JSON.stringify(zeros) : how === 'text' ? `"${key}"` : `${key}`
    const isVariable = how === 'variable'
    return {
      key,
      isPlain: how !== 'zeros',
      text: isVariable ? '$id' : text,
      variables: isVariable ? { id: key } : undefined,
    }
  })

const keyRead = fc.oneof(
  spelledKey.map(({ text, ...use }): KeyUse => ({ ...use, field: `t0_by_pk(id: ${text}) { id }` })),
  fc.constantFrom('t0 { id }', 't0_aggregate { aggregate { count } }').map(ofAnyRow),
)

const keyWrite = fc.oneof(
  fc
    .tuple(spelledKey, fc.constantFrom('_set: {x: 1}', '_set: null', '_inc: {x: 1}'))
    .map(([{ text, ...use }, change]): KeyUse => {
      return { ...use, field: `update_t0_by_pk(pk_columns: {id: ${text}}, ${change}) { id }` }
    }),
  spelledKey.map(
    ({ text, ...use }): KeyUse => ({ ...use, field: `delete_t0_by_pk(id: ${text}) { id }` }),
  ),
  fc
    .constantFrom(
      'update_t0_by_pk(pk_columns: {id: 1}, _set: {id: 2}) { id }',
      'update_t0(where: {id: {_eq: 1}}, _set: {x: 1}) { affected_rows }',
      'insert_t0_one(object: {id: 1}) { id }',
      'insert_t0(objects: [], on_conflict: {}) { affected_rows }',
      'delete_t0(where: {}) { affected_rows }',
    )
    .map(ofAnyRow),
)

function ofAnyRow(field: string): KeyUse {
  return { field, variables: undefined, key: undefined, isPlain: true }
}

describe('a plan', () => {
  it('names exactly the session variables and tables that the filters it reaches mention', () => {
    const filters = fc.tuple(filter, filter, filter, filter)
    const parents = fc.tuple(filters, filters)
    fc.assert(
      fc.property(parents, query, fc.boolean(), ([own, other], { text, tables }, isInherited) => {
        const plan = planOn({
          tables: TABLES.map((index) =>
            table(
              name(index),
              { user: own[index]?.json ?? {}, other: other[index]?.json ?? {} },
              { array_relationships: relationships(TO) },
            ),
          ),
          catalog: { tables: TABLES.map(name) },
          metadata: { inherited_roles: [{ role_name: 'both', role_set: ['user', 'other'] }] },
        })
        const role = isInherited ? 'both' : 'user'
        const reached = tables.flatMap((index) =>
          [own[index], isInherited ? other[index] : undefined].filter((one) => one !== undefined),
        )
        const planned = plan(text, { role })
        const variables = new Set(reached.flatMap((one) => one.variables))
        const read = new Set([...tables, ...reached.flatMap((one) => one.tables)])
        expect(planned.sessionVariables).toEqual([...variables].sort())
        expect(planned.reads).toEqual([...read].map((index) => tag(name(index))).sort())
      }),
      { numRuns: 500 },
    )
  })

  it('is made of whatever stands where metadata should', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.jsonValue(), (tables, rest) => {
        const source = { functions: rest, native_queries: rest, customization: rest }
        const metadata = { actions: rest, remote_schemas: rest, inherited_roles: rest }
        const plan = planOn({ tables: tables.map(Object), source, metadata })
        expect(plan('{ users { id } }').sessionVariables).toBe('all')
      }),
      { numRuns: 300 },
    )
  })

  it('has a write of a row end exactly the answers that can show it', () => {
    const planner = planOn({
      tables: [table('t0', { user: {} })],
      catalog: { tables: ['t0'], primaryKeys: { t0: { id: 'int4' } } },
    })
    const ask = (field: string, variables: object | undefined) =>
      planner(field, variables && { variables })
    fc.assert(
      fc.property(keyRead, keyWrite, (read, write) => {
        const { reads } = ask(`query ($id: Int) { ${read.field} }`, read.variables)
        const { writes } = ask(`mutation ($id: Int) { ${write.field} }`, write.variables)
        const ends = reads.some((one) => writes.includes(one))
        const isSame = read.key === undefined || write.key === undefined || read.key === write.key
        // Nothing is known of a key in an unusual spelling: the answer ends with any write.
        expect(ends).toBe(isSame || !read.isPlain || !write.isPlain)
      }),
      { numRuns: 500 },
    )
  })
})

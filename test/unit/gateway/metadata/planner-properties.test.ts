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
})

import { describe, expect, it } from 'vitest'
import type { PreparedRequest } from '../../../../src/gateway/graphql/operation.ts'
import { createPreparer } from '../../../../src/gateway/graphql/prepare.ts'
import { MetadataPlanner } from '../../../../src/gateway/metadata/metadata-planner.ts'
import { safePlanner } from '../../../../src/gateway/metadata/safe-planner.ts'
import { seededRandom } from '../../../../src/shared/random.ts'
import { modelOf, relationships, type TestUpstream, table } from '../../../support/plan-of.ts'
import { LIMITS } from '../../../support/prepare.ts'

const UUID = 'AAAAAAAA-bbbb-4CCC-8ddd-eeeeeeeeeeee'
const renamed = { configuration: { column_config: { renamed: { custom_name: 'other' } } } }

const UPSTREAM: TestUpstream = {
  tables: [
    table(
      'users',
      {},
      {
        array_relationships: relationships({ orders: 'orders' }),
        computed_fields: [{ name: 'score', definition: { function: 'score' } }],
        remote_relationships: [
          { name: 'away', definition: { to_remote_schema: { remote_schema: 'r' } } },
        ],
      },
    ),
    table('orders', {}, { object_relationships: relationships({ user: 'users' }), ...renamed }),
  ],
  functions: [{ function: 'search' }],
  metadata: {
    actions: [{ name: 'act', definition: { handler: 'http://h', type: 'query' } }],
  },
  source: { customization: { naming_convention: 'hasura-default' } },
  catalog: {
    tables: ['users', 'orders', 'roles'],
    functions: { search: { returns: 'users' }, score: {} },
    foreignKeys: [{ from: 'users', columns: ['role'], to: 'roles' }],
    columns: {
      users: { int4: ['id', 'age'], bool: ['active'], text: ['name', 'role'], uuid: ['token'] },
      orders: { int4: ['id', 'renamed'], varchar: ['status'] },
    },
  },
}

type Variables = Readonly<Record<string, unknown>> | string
type Request = string | readonly [query: string, variables: Variables]

const preparer = createPreparer({
  limits: { ...LIMITS, tokensMax: 20_000 },
  memo: { memoEntriesMax: 10, memoBodyBytesMax: 0 },
  random: seededRandom(1),
  keepsSyntax: true,
})

function prepared(request: Request): PreparedRequest {
  const [query, variables] = typeof request === 'string' ? [request, '{}'] : request
  const json = typeof variables === 'string' ? variables : JSON.stringify(variables)
  const read = preparer.prepare(
    Buffer.from(`{"query":${JSON.stringify(query)},"variables":${json}}`),
  )
  if (read.kind !== 'single') throw new Error('one request')
  return read
}

function keyOn(upstream: TestUpstream): (request: Request) => string {
  const planner = new MetadataPlanner(modelOf(upstream))
  return (request) => {
    const read = prepared(request)
    const { operationDigest, variablesText } = planner.keyTexts(read) ?? {
      operationDigest: read.operation.digest,
      variablesText: read.variablesText,
    }
    return `${operationDigest} ${variablesText}`
  }
}

const key = keyOn(UPSTREAM)

type Rule = readonly [what: string, one: Request, other: Request]

const by = (args: string) => `{ users(${args}) { id } }`
const where = (exp: string) => by(`where: {${exp}}`)
const withVariable = (definition: string, args: string, value?: unknown): Request => [
  `query (${definition}) ${by(args)}`,
  value === undefined ? {} : { a: value },
]

describe('a default', () => {
  it.each<Rule>([
    [
      'stands for an absent variable',
      withVariable('$a: Int = 5, $b: users_bool_exp', 'limit: $a, where: $b'),
      withVariable('$a: Int = 6, $b: users_bool_exp', 'limit: $a, where: $b', 5),
    ],
    [
      'does so where the place is not known',
      ['query ($a: Boolean = true) { users_aggregate { aggregate { count(distinct: $a) } } }', {}],
      [
        'query ($a: Boolean = false) { users_aggregate { aggregate { count(distinct: $a) } } }',
        { a: true },
      ],
    ],
    ['as a literal', withVariable('$a: Int = 5', 'limit: $a'), by('limit: 5')],
  ])('%s', (_, one, other) => expect(key(one)).toBe(key(other)))

  it.each<Rule>([
    [
      'does not stand for null',
      withVariable('$a: Int = 5', 'limit: $a'),
      ['query ($a: Int = 5) { users(limit: $a) { id } }', { a: null }],
    ],
    [
      'of null is not an absent variable without a default',
      withVariable('$a: Int = null', 'limit: $a'),
      withVariable('$a: Int', 'limit: $a'),
    ],
    [
      'is not null where none is given',
      withVariable('$a: Int', 'limit: $a'),
      ['query ($a: Int) { users(limit: $a) { id } }', { a: null }],
    ],
    [
      'of another type is left alone',
      withVariable('$a: Int = "5"', 'limit: $a'),
      withVariable('$a: Int', 'limit: $a', '5'),
    ],
    [
      'decides where a variable may stand',
      ['query ($a: Boolean = true) { users_aggregate { aggregate { count(distinct: $a) } } }', {}],
      [
        'query ($a: Boolean) { users_aggregate { aggregate { count(distinct: $a) } } }',
        { a: true },
      ],
    ],
    [
      'of a number that is written in several ways is left alone',
      ['query ($a: numeric = 1) { users(where: {worth: {_eq: $a}}) { id } }', {}],
      ['query ($a: numeric = 2) { users(where: {worth: {_eq: $a}}) { id } }', { a: 1 }],
    ],
    [
      'is left alone in what another service answers',
      ['query ($a: Int = 5) { act(x: $a) { id } }', {}],
      ['query ($a: Int = 6) { act(x: $a) { id } }', { a: 5 }],
    ],
  ])('%s', (_, one, other) => expect(key(one)).not.toBe(key(other)))
})

describe('one value where a list is wanted', () => {
  it.each<Rule>([
    ['of a column', where('id: {_in: 5}'), where('id: {_in: [5]}')],
    ['of orders', by('order_by: {id: asc}'), by('order_by: [{id: asc}]')],
    ['of names', by('distinct_on: id'), by('distinct_on: [id]')],
    ['of conditions', where('_and: {id: {_eq: 1}}'), where('_and: [{id: {_eq: 1}}]')],
    [
      'of conditions within',
      where('_or: {_and: {id: {_in: 1}}}'),
      where('_or: [{_and: [{id: {_in: [1]}}]}]'),
    ],
    [
      'in a variable',
      withVariable('$a: [users_order_by!]', 'order_by: $a', { id: 'asc' }),
      withVariable('$a: [users_order_by!]', 'order_by: $a', [{ id: 'asc' }]),
    ],
    [
      'in a variable, and as a literal',
      withVariable('$a: [Int!]', 'where: {id: {_in: $a}}', 5),
      where('id: {_in: 5}'),
    ],
  ])('is the list of it: %s', (_, one, other) => expect(key(one)).toBe(key(other)))

  it.each<Rule>([
    ['null is no value', by('order_by: null'), by('order_by: [null]')],
    ['of another type', where('id: {_in: "5"}'), where('id: {_in: ["5"]}')],
    ['of a column that is not known', where('worth: {_in: 5}'), where('worth: {_in: [5]}')],
    ['where no list is wanted', where('id: {_eq: 5}'), where('id: {_eq: [5]}')],
    ['the order of a list counts', where('id: {_in: [1, 2]}'), where('id: {_in: [2, 1]}')],
    ['of what other services answer', '{ act(x: 5) { id } }', '{ act(x: [5]) { id } }'],
    [
      'in a variable of one value',
      withVariable('$a: users_order_by', 'order_by: $a', { id: 'asc' }),
      withVariable('$a: users_order_by', 'order_by: $a', [{ id: 'asc' }]),
    ],
    [
      'in a variable for other services',
      ['query ($a: [Int]) { act(x: $a) { id } }', { a: 5 }],
      ['query ($a: [Int]) { act(x: $a) { id } }', { a: [5] }],
    ],
    [
      'null in a variable',
      ['query ($a: [users_order_by!]) { users(order_by: $a) { id } }', { a: null }],
      ['query ($a: [users_order_by!]) { users(order_by: $a) { id } }', { a: [null] }],
    ],
  ])('is left alone where it is not: %s', (_, one, other) => expect(key(one)).not.toBe(key(other)))
})

describe('a literal and a variable', () => {
  it.each<Rule>([
    ['of rows to take', withVariable('$a: Int!', 'limit: $a', 5), by('limit: 5')],
    ['of rows to leave', withVariable('$a: Int', 'offset: $a', 5), by('offset: 5')],
    [
      'of another name',
      withVariable('$a: Int!', 'limit: $a', 5),
      ['query ($n: Int!) { users(limit: $n) { id } }', { n: 5 }],
    ],
    [
      'of a key',
      ['query ($a: Int!) { users_by_pk(id: $a) { id } }', { a: 7 }],
      '{ users_by_pk(id: 7) { id } }',
    ],
    [
      'in a condition',
      withVariable('$a: String', 'where: {name: {_ilike: $a}}', 'x%'),
      where('name: {_ilike: "x%"}'),
    ],
    [
      'in a condition on others',
      withVariable('$a: Int!', 'where: {orders: {_not: {id: {_gt: $a}}}}', 3),
      where('orders: {_not: {id: {_gt: 3}}}'),
    ],
    [
      'in a nested field',
      ['query ($a: String!) { users { orders(where: {status: {_eq: $a}}) { id } } }', { a: 'x' }],
      '{ users { orders(where: {status: {_eq: "x"}}) { id } } }',
    ],
    [
      'in an aggregate',
      [
        'query ($a: Int!) { users_aggregate(limit: $a) { nodes { orders(limit: $a) { id } } } }',
        { a: 1 },
      ],
      '{ users_aggregate(limit: 1) { nodes { orders(limit: 1) { id } } } }',
    ],
    [
      'in a list',
      withVariable('$a: Int!', 'where: {id: {_in: [1, $a]}}', 2),
      where('id: {_in: [1, 2]}'),
    ],
    [
      'that is a list',
      withVariable('$a: [Int!]!', 'where: {id: {_in: $a}}', [1, 2]),
      where('id: {_in: [1, 2]}'),
    ],
    [
      'of a column by its other name',
      ['query ($a: Int!) { orders(where: {other: {_eq: $a}}) { id } }', { a: 1 }],
      '{ orders(where: {other: {_eq: 1}}) { id } }',
    ],
    [
      'of a directive',
      ['query ($a: Boolean!) { users { id @include(if: $a) } }', { a: true }],
      '{ users { id @include(if: true) } }',
    ],
    [
      'of a condition on a fragment',
      ['query ($a: Boolean!) { users { ... @skip(if: $a) { id } } }', { a: false }],
      '{ users { ... @skip(if: false) { id } } }',
    ],
  ])('mean the same: %s', (_, one, other) => expect(key(one)).toBe(key(other)))

  it.each<Rule>([
    ['other values', withVariable('$a: Int!', 'limit: $a', 5), by('limit: 6')],
    ['another type', withVariable('$a: bigint!', 'limit: $a', 5), by('limit: 5')],
    ['text for a number', withVariable('$a: Int!', 'limit: $a', '5'), by('limit: 5')],
    ['a number in another spelling', withVariable('$a: Int!', 'limit: $a', '5.0'), by('limit: 5')],
    [
      'a number with a fraction of nothing',
      ['query ($a: Int!) { users(limit: $a) { id } }', '{"a": 5.0}'],
      by('limit: 5'),
    ],
    [
      'a number of more than 32 bits',
      withVariable('$a: Int!', 'limit: $a', 2 ** 31),
      by(`limit: ${2 ** 31}`),
    ],
    [
      'a variable that may be null where none may',
      ['query ($a: Int) { users_by_pk(id: $a) { id } }', { a: 7 }],
      '{ users_by_pk(id: 7) { id } }',
    ],
    [
      'a list that may hold null where none may',
      withVariable('$a: [Int]', 'where: {id: {_in: $a}}', [1]),
      where('id: {_in: [1]}'),
    ],
    ['null', ['query ($a: Int) { users(limit: $a) { id } }', { a: null }], by('limit: null')],
    ['nothing', ['query ($a: Int) { users(limit: $a) { id } }', {}], '{ users { id } }'],
    [
      'a column that is not known',
      withVariable('$a: Int!', 'where: {worth: {_eq: $a}}', 1),
      where('worth: {_eq: 1}'),
    ],
    [
      'a column that refers, perhaps to an enum table',
      withVariable('$a: String!', 'where: {role: {_eq: $a}}', 'x'),
      where('role: {_eq: "x"}'),
    ],
    [
      'a renamed column by the name it had',
      ['query ($a: Int!) { orders(where: {renamed: {_eq: $a}}) { id } }', { a: 1 }],
      '{ orders(where: {renamed: {_eq: 1}}) { id } }',
    ],
    [
      'a variable that stands in another place too',
      withVariable('$a: Int!', 'limit: $a, where: {worth: {_eq: $a}}', 1),
      by('limit: 1, where: {worth: {_eq: 1}}'),
    ],
    [
      'an order',
      withVariable('$a: order_by!', 'order_by: {id: $a}', 'asc'),
      by('order_by: {id: asc}'),
    ],
    [
      'a variable that is defined twice',
      ['query ($a: Int!, $a: Int!) { users(limit: $a) { id } }', { a: 1 }],
      by('limit: 1'),
    ],
    [
      'a variable that is not used',
      ['query ($a: Int!) { users { id } }', { a: 1 }],
      '{ users { id } }',
    ],
    ['a variable that is not defined', ['{ users { id } }', { a: 1 }], '{ users { id } }'],
    [
      'what a function is asked',
      ['query ($a: Int!) { search(limit: $a) { id } }', { a: 1 }],
      '{ search(limit: 1) { id } }',
    ],
    [
      'what a computed field is asked',
      ['query ($a: Int!) { users { score(limit: $a) } }', { a: 1 }],
      '{ users { score(limit: 1) } }',
    ],
    [
      'what a remote schema is asked',
      ['query ($a: Int!) { users { away { x(limit: $a) } } }', { a: 1 }],
      '{ users { away { x(limit: 1) } } }',
    ],
    [
      'a text and a name',
      withVariable('$a: String!', 'where: {name: {_eq: $a}}', 'x'),
      where('name: {_eq: x}'),
    ],
    [
      'one of two that Hasura compares as they are written',
      ['query ($a: Int!) { users(limit: $a) { id } users(limit: 1) { name } }', { a: 1 }],
      '{ users(limit: 1) { id } users(limit: 1) { name } }',
    ],
    [
      'one of two such fields in two fragments',
      [
        'query ($a: Int!) { users { ... { orders(limit: $a) { id } } orders(limit: 1) { id } } }',
        { a: 1 },
      ],
      '{ users { ... { orders(limit: 1) { id } } orders(limit: 1) { id } } }',
    ],
  ])('stay apart: %s', (_, one, other) => expect(key(one)).not.toBe(key(other)))
})

describe('uuids', () => {
  const token = (value: string) => where(`token: {_eq: "${value}"}`)

  it.each<Rule>([
    ['as literals', token(UUID), token(UUID.toLowerCase())],
    [
      'as variables',
      withVariable('$a: uuid!', 'where: {token: {_eq: $a}}', UUID),
      token(UUID.toLowerCase()),
    ],
    [
      'as variables in a place that is not known',
      withVariable('$a: uuid!', 'where: {of_extension: {_eq: $a}}', UUID),
      withVariable('$a: uuid!', 'where: {of_extension: {_eq: $a}}', UUID.toLowerCase()),
    ],
  ])('are the same in either case: %s', (_, one, other) => expect(key(one)).toBe(key(other)))

  it.each<Rule>([
    ['in braces', token(`{${UUID}}`), token(UUID)],
    ['as text', where(`name: {_eq: "${UUID}"}`), where(`name: {_eq: "${UUID.toLowerCase()}"}`)],
    [
      'for other services',
      ['query ($a: uuid!) { act(x: $a) { id } }', { a: UUID }],
      ['query ($a: uuid!) { act(x: $a) { id } }', { a: UUID.toLowerCase() }],
    ],
  ])('are left alone: %s', (_, one, other) => expect(key(one)).not.toBe(key(other)))
})

describe('a fragment', () => {
  it.each<Rule>([
    ['on the root', '{ ... on query_root { users { id } } }', '{ users { id } }'],
    ['on rows', '{ users { ... on users { id } } }', '{ users { id } }'],
    ['without a type', '{ users { ... { id } name } }', '{ users { id name } }'],
    [
      'by name',
      '{ users { ...F } } fragment F on users { orders { ...G } } fragment G on orders { id }',
      '{ users { orders { id } } }',
    ],
    [
      'within one on the same type',
      '{ users { away { ... on T { ... on T { id } } } } }',
      '{ users { away { ... on T { id } } } }',
    ],
    [
      'in whose place it is not known whether it applies, by name or not',
      '{ users { away { ...F } } } fragment F on T { id }',
      '{ users { away { ... on T { id } } } }',
    ],
    [
      'under a condition, of a type that always applies',
      '{ users { ... on users @skip(if: false) { id } } }',
      '{ users { ... @skip(if: false) { id } } }',
    ],
  ])('is what is in it: %s', (_, one, other) => expect(key(one)).toBe(key(other)))

  it.each<Rule>([
    ['on another type', '{ users { ... on orders { id } } }', '{ users { id } }'],
    ['with a directive', '{ users { ... @include(if: true) { id } } }', '{ users { id } }'],
    ['of another order', '{ users { name ... { id } } }', '{ users { id name } }'],
    ['on what is not known', '{ users { away { ... on T { id } } } }', '{ users { away { id } } }'],
    [
      'on an aggregate, whose type is not looked at',
      '{ users_aggregate { ... on users_aggregate { nodes { id } } } }',
      '{ users_aggregate { nodes { id } } }',
    ],
    [
      'whose definition has a directive',
      '{ users { ...F } } fragment F on users @x { id }',
      '{ users { id } }',
    ],
  ])('is left alone: %s', (_, one, other) => expect(key(one)).not.toBe(key(other)))

  it('is left alone where the convention for names is not known', () => {
    const open = keyOn({ ...UPSTREAM, source: {} })
    expect(open('{ users { ... on users { id } } }')).not.toBe(open('{ users { id } }'))
    expect(open('{ ... on query_root { users { id } } }')).toBe(open('{ users { id } }'))
  })
})

describe('an argument', () => {
  it.each<Rule>([
    ['no rows to leave', by('offset: 0'), '{ users { id } }'],
    ['no condition', by('where: {}'), '{ users { id } }'],
    ['null', by('limit: null'), '{ users { id } }'],
  ])('without a default in the schema is never dropped: %s', (_, one, other) =>
    expect(key(one)).not.toBe(key(other)),
  )

  it('does not count for its order, an alias and a name do', () => {
    expect(key(by('limit: 1, offset: 2'))).toBe(key(by('offset: 2, limit: 1')))
    expect(key('{ a: users { id } }')).not.toBe(key('{ b: users { id } }'))
    expect(key('query A { users { id } }')).not.toBe(key('query B { users { id } }'))
  })
})

describe('a request', () => {
  const texts = (request: Request, upstream = UPSTREAM) =>
    new MetadataPlanner(modelOf(upstream)).keyTexts(prepared(request))

  it('is keyed as it is written without what tells of types', () => {
    expect(safePlanner.keyTexts(prepared('{ users { id } }'))).toBeUndefined()
    const bare = keyOn({ ...UPSTREAM, catalog: undefined })
    expect(bare(withVariable('$a: Int!', 'limit: $a', 5))).not.toBe(bare(by('limit: 5')))
    const customization = { naming_convention: 'hasura-default', type_names: { prefix: 'x' } }
    const typed = keyOn({ ...UPSTREAM, source: { customization } })
    expect(typed(withVariable('$a: Int!', 'limit: $a', 5))).not.toBe(typed(by('limit: 5')))
  })

  it('is keyed so where its strings may be read in two ways, and when it is no query', () => {
    expect(texts('{ users(where: {name: {_eq: """a\n  b"""}}) { id } }')).toBeDefined()
    expect(texts('mutation { delete_users(where: {}) { affected_rows } }')).toBeUndefined()
    expect(texts('subscription { users { id } }')).toBeUndefined()
  })

  it('is keyed so when a few bytes would spread to many', () => {
    const spread = (count: number) => {
      const long = `"${'x'.repeat(1_000)}"`
      const fields = Array.from({ length: count }, (_, index) => `a${index}: users { ...F }`)
      return `{ ${fields.join(' ')} } fragment F on users { orders(where: {status: {_eq: ${long}}}) { id } }`
    }
    expect(texts(spread(40))).toBeDefined()
    expect(texts(spread(50))).toBeUndefined()
    const repeat = (length: number): Request => [
      `query ($a: String!) { ${Array.from({ length: 20 }, (_, index) => `a${index}: users(where: {name: {_eq: $a}}) { id }`).join(' ')} }`,
      { a: 'x'.repeat(length) },
    ]
    expect(texts(repeat(2_000))).toBeDefined()
    expect(texts(repeat(3_000))).toBeUndefined()
  })
})

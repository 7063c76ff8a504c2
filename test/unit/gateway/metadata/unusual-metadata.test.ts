import { describe, expect, it } from 'vitest'
import { planOn, relationships, type TestUpstream, table, tag } from '../../../support/plan-of.ts'

const reads = (...names: string[]) => names.map(tag).sort()
const user = { user: {} }
const OWN = { user_id: { _eq: 'X-Hasura-User-Id' } }

describe('root fields', () => {
  const custom = planOn({
    tables: [
      table('users', user, { configuration: { custom_name: 'people' } }),
      table('orders', user, {
        configuration: {
          custom_root_fields: {
            select: 'allOrders',
            select_by_pk: { name: 'oneOrder', comment: '' },
          },
        },
      }),
      { ...table('blocks', user), table: { schema: 'evm', name: 'blocks' } },
    ],
    catalog: { tables: ['users', 'orders', 'evm.blocks'] },
  })

  it.each([
    ['people', reads('users')],
    ['people_by_pk', reads('users')],
    ['allOrders', reads('orders')],
    ['oneOrder', reads('orders')],
    ['evm_blocks', ['table:default:evm.blocks']],
    ['evmBlocks', ['table:default:evm.blocks']],
    ['users', ['any-write']],
    ['orders', ['any-write']],
    ['blocks', ['any-write']],
  ])('%s', (field, expected) => expect(custom(`{ ${field} { id } }`).reads).toEqual(expected))

  it.each(['orders_aggregate', 'ordersAggregate'])('%s', (field) => {
    expect(custom(`{ ${field} { aggregate { count } } }`).reads).toEqual(reads('orders'))
    // It has no columns.
    expect(custom(`{ ${field} { id } }`).sessionVariables).toBe('all')
  })

  it.each<[string, object, string, readonly string[]]>([
    [
      'prefix and suffix',
      { root_fields: { prefix: 'a_', suffix: '_z' } },
      'a_users_z { id }',
      reads('users'),
    ],
    [
      'not without them',
      { root_fields: { prefix: 'a_', suffix: '_z' } },
      'users { id }',
      ['any-write'],
    ],
    ['a namespace', { root_fields: { namespace: 'db' } }, 'db { users { id } }', reads('users')],
    ['not outside it', { root_fields: { namespace: 'db' } }, 'users { id }', ['any-write']],
    [
      'a convention',
      { naming_convention: 'graphql-default' },
      'usersByPk(id: 1) { id }',
      reads('users'),
    ],
    [
      'only that',
      { naming_convention: 'graphql-default' },
      'users_by_pk(id: 1) { id }',
      ['any-write'],
    ],
    ['something new', { root_fields: {}, new_feature: true }, 'users { id }', ['any-write']],
  ])('are customised by source: %s', (_, customization, field, expected) => {
    const plan = planOn({
      tables: [table('users', user)],
      catalog: { tables: ['users'] },
      source: { customization },
    })
    expect(plan(`{ ${field} }`).reads).toEqual(expected)
  })

  it('mean everything they may mean', () => {
    const plan = planOn({
      tables: [
        table('order_items', { user: { a: { _eq: 'X-Hasura-A' } } }),
        table(
          'b',
          { user: { b: { _eq: 'X-Hasura-B' } } },
          {
            configuration: { custom_root_fields: { select: 'orderItems' } },
          },
        ),
      ],
      catalog: { tables: ['order_items', 'b'] },
    })
    expect(plan('{ orderItems { id } }')).toMatchObject({
      sessionVariables: ['x-hasura-a', 'x-hasura-b'],
      reads: reads('order_items', 'b'),
    })
  })
})

describe('relations', () => {
  const plan = planOn({
    tables: ['plain', 'sales', 'chained', 'calling', 'constant', 'foreign', 'secured'].map((name) =>
      table(name, user),
    ),
    catalog: {
      tables: ['plain', 'orders', 'items', 'secured'],
      views: {
        sales: ['orders', 'items'],
        chained: ['sales', 'plain'],
        calling: ['orders'],
        constant: [],
      },
      viewsWithFunctions: ['calling'],
      foreignTables: ['foreign'],
      rowSecurityOn: ['secured'],
    },
  })

  it.each([
    ['plain', reads('plain')],
    ['sales', reads('sales', 'orders', 'items')],
    ['chained', reads('chained', 'sales', 'orders', 'items', 'plain')],
    ['calling', ['any-write', ...reads('calling', 'orders')]],
    ['constant', ['any-write', ...reads('constant')]],
    ['foreign', ['any-write', ...reads('foreign')]],
  ])('%s', (name, expected) => {
    const { sessionVariables, reads: read } = plan(`{ ${name} { id } }`)
    expect([sessionVariables, read]).toEqual([[], expected])
  })

  it('with row-level security may show something else to everyone', () => {
    expect(plan('{ secured { id } }').sessionVariables).toBe('all')
  })

  it('of a source whose connection the session picks may, too', () => {
    const routed = planOn({
      tables: [table('plain', user)],
      catalog: { tables: ['plain'] },
      source: { configuration: { connection_template: { template: '{{$.request.session}}' } } },
    })
    expect(routed('{ plain { id } }').sessionVariables).toBe('all')
  })
})

describe('inherited roles', () => {
  const plan = planOn({
    tables: [
      table('orders', {
        buyer: { buyer_id: { _eq: 'X-Hasura-Buyer-Id' } },
        seller: { seller_id: { _eq: 'X-Hasura-Seller-Id' } },
      }),
      table('notes', { buyer: { a: 'X-Hasura-A' }, trader: { b: 'X-Hasura-B' } }),
    ],
    catalog: { tables: ['orders', 'notes'] },
    metadata: {
      inherited_roles: [
        { role_name: 'trader', role_set: ['buyer', 'seller'] },
        { role_name: 'chief', role_set: ['trader', 'chief'] },
        { role_name: 'lost', role_set: ['nobody'] },
      ],
    },
  })

  it.each<[string, string, readonly string[] | 'all']>([
    ['trader', 'orders', ['x-hasura-buyer-id', 'x-hasura-seller-id']],
    ['chief', 'orders', ['x-hasura-buyer-id', 'x-hasura-seller-id']],
    ['trader', 'notes', ['x-hasura-b']],
    ['chief', 'notes', ['x-hasura-b']],
    ['lost', 'orders', 'all'],
  ])('%s sees %s by the filters of its parents', (role, name, variables) => {
    expect(plan(`{ ${name} { id } }`, { role }).sessionVariables).toEqual(variables)
  })
})

describe('functions', () => {
  const upstream: TestUpstream = {
    tables: [table('products', { user: { org: { _eq: 'X-Hasura-Org-Id' } } })],
    functions: [
      { function: { schema: 'public', name: 'search' } },
      { function: { schema: 'public', name: 'mine' }, configuration: { session_argument: 's' } },
      { function: { schema: 'public', name: 'lost' } },
      { function: { schema: 'public', name: 'change' } },
      { function: { schema: 'public', name: 'roll' }, configuration: { exposed_as: 'query' } },
      {
        function: { schema: 'public', name: 'renamed' },
        configuration: { custom_root_fields: { function: 'find', function_aggregate: 'count' } },
      },
    ],
    catalog: {
      tables: ['products'],
      functions: {
        search: { returns: 'products' },
        mine: { returns: 'products' },
        change: { returns: 'products', isVolatile: true },
        roll: { returns: 'products', isVolatile: true },
        renamed: { returns: 'products' },
      },
    },
  }
  const plan = planOn(upstream)
  const products = ['any-write', tag('products')]

  it.each<[string, readonly string[] | 'all', readonly string[], string | undefined]>([
    ['search(args: {text: "x"})', ['x-hasura-org-id'], products, undefined],
    ['find', ['x-hasura-org-id'], products, undefined],
    ['mine', 'all', products, undefined],
    ['lost', 'all', ['any-write'], undefined],
    ['roll', ['x-hasura-org-id'], products, 'volatile-function'],
    ['change', 'all', ['any-write'], undefined],
  ])('%s', (field, sessionVariables, expected, uncacheable) => {
    const { writes: _, ...planned } = plan(`{ ${field} { id } }`)
    if (uncacheable === undefined) {
      expect(planned).toEqual({ sessionVariables, reads: expected, uncacheable })
    } else expect(planned.uncacheable).toBe(uncacheable)
  })

  it('are aggregated over, too', () => {
    expect(plan('{ count { nodes { id } aggregate { count } } }').reads).toEqual(products)
    expect(plan('{ search_aggregate { aggregate { count } } }').reads).toEqual(products)
  })

  it('write anything when they are mutations', () => {
    expect(plan('mutation { change { id } }').writes).toEqual(['everything'])
    const unknown = planOn({ ...upstream, catalog: undefined })
    expect(unknown('mutation { search { id } }').writes).toEqual(['everything'])
    expect(unknown('{ roll { id } }').uncacheable).toBe('volatile-function')
  })
})

describe('computed fields', () => {
  const computed = (name: string, more: object = {}) => ({
    name,
    definition: { function: { schema: 'public', name: `${name}_function` }, ...more },
  })
  const plan = planOn({
    tables: [
      table('users', user, {
        computed_fields: [
          computed('full_name'),
          computed('is_me', { session_argument: 'hasura_session' }),
          computed('latest'),
          computed('lost'),
        ],
      }),
      table('orders', { user: { user_id: { _eq: 'X-Hasura-User-Id' } } }),
    ],
    catalog: {
      tables: ['users', 'orders'],
      functions: {
        full_name_function: {},
        is_me_function: {},
        latest_function: { returns: 'orders' },
      },
    },
  })

  it.each<[string, readonly string[] | 'all', readonly string[]]>([
    ['users { id }', [], reads('users')],
    ['users { full_name }', [], ['any-write', ...reads('users')]],
    ['users { fullName }', [], ['any-write', ...reads('users')]],
    ['users { is_me }', 'all', ['any-write', ...reads('users')]],
    ['users { latest { id } }', ['x-hasura-user-id'], ['any-write', ...reads('orders', 'users')]],
    ['users { lost { id } }', 'all', ['any-write', ...reads('users')]],
    ['users(where: {full_name: {_eq: "x"}}) { id }', [], ['any-write', ...reads('users')]],
    ['users(order_by: {is_me: asc}) { id }', 'all', ['any-write', ...reads('users')]],
    ['users_aggregate { aggregate { max { is_me } } }', 'all', ['any-write', ...reads('users')]],
  ])('%s', (field, sessionVariables, expected) => {
    expect(plan(`{ ${field} }`)).toMatchObject({ sessionVariables, reads: expected })
  })

  it('count in filters', () => {
    const filtered = planOn({
      tables: [
        table(
          'users',
          { user: { full_name: { _eq: 'x' } }, guest: { is_me: { _eq: true } } },
          {
            computed_fields: [computed('full_name'), computed('is_me', { session_argument: 's' })],
          },
        ),
      ],
      catalog: { tables: ['users'] },
    })
    expect(filtered('{ users { id } }').reads).toEqual(['any-write', tag('users')])
    expect(filtered('{ users { id } }', { role: 'guest' }).sessionVariables).toBe('all')
  })
})

describe('databases of other kinds', () => {
  const user = { select_permissions: [{ role: 'user', permission: { columns: '*', filter: {} } }] }
  const source = (kind: string, ...tables: readonly object[]) =>
    planOn({ metadata: { sources: [{ name: 'other', kind, tables }] } })

  it.each([
    ['mssql', { schema: 'dbo', name: 'visits' }, 'visits', 'dbo.visits'],
    ['mssql', { schema: 'sales', name: 'visits' }, 'sales_visits', 'sales.visits'],
    ['bigquery', { dataset: 'web', name: 'visits' }, 'web_visits', 'web.visits'],
    ['snowflake', ['VISITS'], 'VISITS', '.VISITS'],
    ['snowflake', ['DB', 'WEB', 'VISITS'], 'DB_WEB_VISITS', 'DB.WEB.VISITS'],
    ['sqlite', 'visits', 'visits', 'public.visits'],
    ['citus', { schema: 'public', name: 'visits' }, 'visits', 'public.visits'],
  ])('have tables, of which no more is known: %s, %j', (kind, name, rootField, relation) => {
    const plan = source(kind, { table: name, ...user })
    expect(plan(`{ ${rootField} { id } }`)).toMatchObject({
      sessionVariables: 'all',
      reads: ['any-write', `table:other:${relation}`],
    })
    expect(plan(`{ ${rootField}_by_pk(id: 1) { id } }`).reads).toContain('any-write')
    expect(plan(`mutation { delete_${rootField}(where: {}) { affected_rows } }`).writes).toEqual([
      'everything',
    ])
  })

  it('may name the tables that computed fields return', () => {
    const definition = {
      function: { dataset: 'web', name: 'f' },
      argument_mapping: { id: 'id' },
      return_table: { dataset: 'web', name: 'visits' },
    }
    const plan = source(
      'bigquery',
      { table: { dataset: 'web', name: 'visits' }, ...user },
      {
        table: { dataset: 'web', name: 'users' },
        ...user,
        computed_fields: [{ name: 'seen', definition }],
      },
    )
    expect(plan('{ web_users { seen { id } } }')).toMatchObject({
      sessionVariables: 'all',
      reads: ['any-write', 'table:other:web.users', 'table:other:web.visits'],
    })
  })
})

describe('what lies beyond the database', () => {
  const action = (name: string, definition: object) => ({ name, definition })
  const actions = [
    action('ask', { type: 'query', handler: '' }),
    action('act', { handler: '' }),
    action('later', { type: 'mutation', kind: 'asynchronous' }),
  ]
  const tables = [
    table('users', user, {
      remote_relationships: [
        { name: 'weather', definition: { to_remote_schema: { remote_schema: 'w' } } },
        { name: 'old', definition: { remote_schema: 'w', hasura_fields: [], remote_field: {} } },
        { name: 'odd', definition: { to_something: {} } },
        {
          name: 'visits',
          definition: {
            to_source: {
              source: 'other',
              table: 'visits',
              relationship_type: 'array',
              field_mapping: { id: 'user_id' },
            },
          },
        },
      ],
    }),
  ]
  const catalog = { tables: ['users'] }
  const other = {
    name: 'other',
    kind: 'mssql',
    tables: [
      {
        ...table('visits', { user: { at: 'X-Hasura-At' } }),
        table: { schema: 'public', name: 'visits' },
      },
    ],
  }
  const plan = planOn({
    catalog,
    metadata: { actions, sources: [{ name: 'default', kind: 'postgres', tables }, other] },
  })

  it.each([
    ['{ ask { id } }', 'action', undefined],
    ['{ later(id: 1) { id } }', 'action', 'action'],
    ['{ act { id } }', undefined, undefined],
    ['{ users { id weather { now } } }', 'remote-schema', undefined],
    ['{ users { id old } }', 'remote-schema', undefined],
    ['{ users { id odd } }', 'remote-schema', undefined],
  ])('%s', (query, onRequestOnly, uncacheable) => {
    const { sessionVariables, reads, ...planned } = plan(query)
    expect(planned).toMatchObject({ onRequestOnly, uncacheable })
    expect([sessionVariables, reads]).toEqual(['all', expect.arrayContaining(['any-write'])])
  })

  it.each(['mutation { act }', 'mutation { later }', 'mutation { nothing }'])('%s', (query) => {
    expect(plan(query).writes).toEqual(['everything'])
  })

  it.each(['visits { id }', 'visits_aggregate { nodes { id } }'])(
    'may be another database: %s',
    (field) =>
      expect(plan(`{ users { ${field} } }`)).toMatchObject({
        sessionVariables: 'all',
        reads: ['any-write', tag('users'), 'table:other:public.visits'],
      }),
  )

  it('may be any unknown field, where there are remote schemas', () => {
    const remote = planOn({ tables, catalog, metadata: { remote_schemas: [{ name: 'w' }] } })
    expect(remote('{ forecast { now } }').onRequestOnly).toBe('remote-schema')
    expect(remote('{ users { id } }').uncacheable).toBeUndefined()
    // Under the other naming convention, or a remote schema's own.
    expect(remote('{ usersAggregate { aggregate { count } } }').onRequestOnly).toBe('remote-schema')
  })

  it('may be any unknown field, where actions cannot be read', () => {
    const odd = planOn({ tables, catalog, metadata: { actions: [{ title: 'x' }] } })
    expect(odd('{ forecast { now } }').uncacheable).toBe('action')
    expect(odd('{ users { id } }').uncacheable).toBeUndefined()
  })

  it.each([
    ['native_queries', { root_field_name: 'report', code: 'select 1' }, 'report', undefined],
    ['stored_procedures', { stored_procedure: 'run' }, 'run', 'volatile-function'],
  ])('%s', (key, item, field, uncacheable) => {
    const planned = planOn({ tables, catalog, source: { [key]: [item] } })(`{ ${field} { id } }`)
    expect(planned).toMatchObject({ sessionVariables: 'all', reads: ['any-write'], uncacheable })
  })
})

describe('what cannot be read', () => {
  const plain = table('users', user, { array_relationships: relationships({ orders: 'orders' }) })
  const orders = table('orders', { user: { user_id: 'X-Hasura-User-Id' } })
  const catalog = { tables: ['users', 'orders'] }

  it.each<[string, object]>([
    ['a new key of the table', { ...plain, new_feature: true }],
    [
      'a relationship of a new kind',
      { ...plain, array_relationships: [{ name: 'x', using: { magic: 1 } }] },
    ],
    ['a relationship without a name', { ...plain, object_relationships: [{ using: {} }] }],
    ['relationships that are no list', { ...plain, object_relationships: 7 }],
    [
      'a permission with a new key',
      {
        ...plain,
        select_permissions: [{ role: 'user', permission: { filter: {}, columns: '*', new: 1 } }],
      },
    ],
    [
      'a permission without a filter',
      {
        ...plain,
        select_permissions: [
          { role: 'user', permission: { columns: '*' } },
          { role: 'user', permission: { columns: '*', filter: {} } },
        ],
      },
    ],
    [
      'two permissions of one role',
      {
        ...plain,
        select_permissions: [OWN, {}].map((filter) => ({
          role: 'user',
          permission: { columns: '*', filter },
        })),
      },
    ],
    [
      'a computed field of a new kind',
      { ...plain, computed_fields: [{ name: 'x', definition: {} }] },
    ],
    ['a table of a logical model', { ...plain, logical_model: 'x' }],
  ])('is never shared: %s', (_, users) => {
    const plan = planOn({ tables: [users, orders], catalog })
    for (const query of ['{ users { id } }', '{ users(where: {x: {}}) { id } }']) {
      const { sessionVariables, reads: read } = plan(query)
      expect([sessionVariables, read.includes('any-write')]).toEqual(['all', true])
    }
    // Others are as they were.
    expect(plan('{ orders { id } }').sessionVariables).toEqual(['x-hasura-user-id'])
  })

  it.each<[string, object]>([
    ['a source', { sources: [7, { kind: 'postgres' }] }],
    ['a table', { sources: [{ name: 'a', kind: 'postgres', tables: [7, {}] }] }],
    [
      'a function',
      { sources: [{ name: 'a', kind: 'postgres', functions: [{ function: {} }, 7] }] },
    ],
    ['tables that are no list', { sources: [{ name: 'a', kind: 'postgres', tables: {} }] }],
    ['the roles', { inherited_roles: { trader: [] } }],
    ['an unknown section', { new_section: [{}] }],
  ])('does not make it fail: %s', (_, metadata) => {
    const plan = planOn({ metadata })
    expect(plan('{ users { id } }')).toMatchObject({
      sessionVariables: 'all',
      reads: ['any-write'],
    })
    expect(plan('mutation { insert_users { id } }').writes).toEqual(['everything'])
  })
})

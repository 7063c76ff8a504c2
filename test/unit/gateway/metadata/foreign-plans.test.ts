import { describe, expect, it } from 'vitest'
import {
  modelOf,
  planOn,
  type TestUpstream,
  table,
  tag,
  written,
} from '../../../support/plan-of.ts'

const OWN = { user_id: { _eq: 'X-Hasura-User-Id' } }
const CATALOG = { tables: ['orders', 'users'], views: { sums: ['orders'] } }
const TABLES = [table('orders', { user: OWN }), table('users', { user: {} })]
const onSource = (upstream: Partial<TestUpstream>) =>
  planOn({ tables: TABLES, catalog: CATALOG, ...upstream })

describe('an action', () => {
  const action = (name: string, type: string, more: object = {}) => ({
    name,
    definition: { handler: 'http://handler', type, ...more },
  })
  const actions = [
    action('price', 'query'),
    action('pay', 'mutation'),
    action('told', 'query', { forward_client_headers: true }),
    action('heard', 'query', { forward_client_headers: true, ignored_client_headers: ['X-Other'] }),
    action('later', 'mutation', { kind: 'asynchronous' }),
  ]
  const custom_types = {
    objects: [
      {
        name: 'Price',
        fields: [],
        relationships: [
          { name: 'order', type: 'object', remote_table: 'orders', field_mapping: { id: 'id' } },
        ],
      },
    ],
  }
  const metadata = { actions, custom_types }
  const plan = onSource({ metadata })

  it('is told the whole session and may read anything; it is kept on request only', () => {
    expect(plan('{ price { value } }')).toEqual({
      sessionVariables: 'all',
      reads: ['any-write'],
      writes: [],
      onRequestOnly: 'action',
    })
    expect(plan('mutation { pay { id } }').writes).toEqual(['everything'])
    expect(plan('{ later(id: 1) { id } }').uncacheable).toBe('action')
  })

  it('is told the headers that Hasura passes on', () => {
    const headers = (query: string) => plan(query).forwardedHeaders
    expect(headers('{ price { value } }')).toBeUndefined()
    expect(headers('{ told { value } }')?.except).toEqual(expect.arrayContaining(['user-agent']))
    expect(headers('{ heard { value } }')).toEqual({ except: ['x-other'] })
    // What one is told counts, even if the other is not.
    expect(headers('{ told { value } heard { value } }')).toEqual({ except: [] })
  })

  it('reads and writes what the configuration says, with what follows from it', () => {
    const declared = {
      actions: [
        { name: 'price', source: 'default', reads: ['public.sums'] },
        { name: 'pay', source: 'default', writes: ['orders'] },
        { name: 'told', source: 'elsewhere', reads: ['orders'] },
        { name: 'heard', source: 'default', reads: ['unheard_of'] },
      ],
    }
    const known = onSource({ metadata, declared })
    expect(known('{ price { value } }').reads).toEqual([tag('orders'), tag('sums')])
    expect(known('mutation { pay { id } }').writes).toEqual(written('orders'))
    expect(known('{ told { value } }').reads).toEqual(['any-write'])
    expect(known('{ heard { value } }').reads).toEqual(['any-write', tag('unheard_of')])
  })

  it('may lead back to tables', () => {
    const declared = { actions: [{ name: 'price', source: 'default', reads: [] }] }
    const known = onSource({ metadata, declared })
    expect(known('{ price { value } }').reads).toEqual([])
    expect(known('{ price { nested { order { id } } } }').reads).toEqual([tag('orders')])
  })
})

describe('a remote schema', () => {
  const schema = (name: string, definition: object, more: object = {}) => ({
    name,
    definition: { url: 'http://remote', ...definition },
    ...more,
  })
  const sdl = `
    schema { query: Root }
    type Root { country(code: ID!, of: String @preset(value: "X-Hasura-Country")): Country }
    type Country { name: String }`
  const remote_schemas = [
    schema('countries', {}, { permissions: [{ role: 'user', definition: { schema: sdl } }] }),
    schema('weather', {
      forward_client_headers: true,
      customization: { root_fields_namespace: 'weather' },
    }),
    schema(
      'people',
      {},
      {
        remote_relationships: [
          {
            type_name: 'Person',
            relationships: [
              {
                name: 'orders',
                definition: {
                  to_source: {
                    source: 'default',
                    table: 'orders',
                    relationship_type: 'array',
                    field_mapping: {},
                  },
                },
              },
              { name: 'weather', definition: { to_remote_schema: { remote_schema: 'weather' } } },
            ],
          },
        ],
      },
    ),
  ]
  const declared = {
    remoteSchemas: [
      { name: 'countries', isPublic: true, source: 'default', reads: [] },
      { name: 'people', isPublic: true, source: 'default', rootFields: ['person'], reads: [] },
    ],
  }
  const plan = onSource({ metadata: { remote_schemas } })
  const known = onSource({ metadata: { remote_schemas }, declared })

  it('is told the whole session; it is kept on request only', () => {
    expect(plan('{ country(code: "DE") { name } }')).toEqual({
      sessionVariables: 'all',
      reads: ['any-write'],
      writes: [],
      onRequestOnly: 'remote-schema',
    })
  })

  it('is told headers, as may be whichever an unknown field belongs to', () => {
    const except = expect.arrayContaining(['user-agent'])
    expect(plan('{ weather { now } }').forwardedHeaders).toEqual({ except })
    expect(plan('{ anything { now } }').forwardedHeaders).toEqual({ except })
    expect(plan('{ country { name } }').forwardedHeaders).toBeUndefined()
  })

  it('is shared when the configuration says that it is public, but for what permissions preset', () => {
    expect(known('{ country(code: "DE") { name } }')).toEqual({
      sessionVariables: ['x-hasura-country'],
      reads: [],
      writes: [],
      onRequestOnly: 'remote-schema',
    })
    expect(known('{ anything { name } }').sessionVariables).toBe('all')
  })

  it('may lead back to tables, and on to others', () => {
    expect(known('{ person { name } }').sessionVariables).toEqual([])
    expect(known('{ person { friends { orders { id } } } }')).toMatchObject({
      sessionVariables: ['x-hasura-user-id'],
      reads: [tag('orders')],
    })
    expect(known('{ person { weather { now } } }')).toMatchObject({
      sessionVariables: 'all',
      reads: ['any-write'],
    })
  })

  it('is not public where something of it cannot be read', () => {
    const odd = onSource({
      metadata: { remote_schemas: [schema('countries', {}, { permissions: [{ role: 'user' }] })] },
      declared: {
        remoteSchemas: [
          { name: 'countries', isPublic: true, source: 'default', rootFields: ['country'] },
        ],
      },
    })
    expect(odd('{ country { name } }').sessionVariables).toBe('all')
  })

  it('is named as Hasura renames it', () => {
    const customization = {
      field_names: [
        { parent_type: 'Root', prefix: 'geo_', suffix: '_x', mapping: { region: 'area' } },
      ],
    }
    const renamed = onSource({
      metadata: {
        remote_schemas: [
          schema(
            'countries',
            { customization },
            {
              permissions: [
                { role: 'user', definition: { schema: `${sdl} extend type Root { region: ID }` } },
              ],
            },
          ),
        ],
      },
      declared,
    })
    expect(renamed('{ geo_country_x { name } }').sessionVariables).toEqual(['x-hasura-country'])
    expect(renamed('{ area }').sessionVariables).toEqual(['x-hasura-country'])
    expect(renamed('{ country { name } }').sessionVariables).toBe('all')
  })
})

describe('a native query', () => {
  const query = (name: string, code: string, more: object = {}) => ({
    root_field_name: name,
    code,
    returns: 'total',
    ...more,
  })
  const model = (filter: object, fields: readonly object[] = [{ name: 'sum', type: {} }]) => ({
    name: 'total',
    fields,
    select_permissions: [{ role: 'user', permission: { columns: '*', filter } }],
  })
  const relationship = (name: string, using: object) => ({ name, using })
  const queries = [
    query('totals', 'SELECT sum(x) FROM orders WHERE y = {{y}}', {
      object_relationships: [
        relationship('owner', { column_mapping: {}, remote_table: 'users', insertion_order: null }),
      ],
      array_relationships: [
        relationship('others', {
          manual_configuration: { column_mapping: {}, remote_native_query: 'sessions' },
        }),
      ],
    }),
    query('sessions', "SELECT current_setting('hasura.user')"),
    query('odd', 'SELECT 1', { returns: { kind: 'new' } }),
  ]
  const source = { native_queries: queries, logical_models: [model({ org: 'X-Hasura-Org' })] }
  const plan = onSource({ source })

  it('depends on the filter of its logical model, and on any write', () => {
    expect(plan('{ totals(args: {y: 1}) { sum } }')).toMatchObject({
      sessionVariables: ['x-hasura-org'],
      reads: ['any-write'],
      uncacheable: undefined,
      onRequestOnly: undefined,
    })
    expect(plan('{ totals { sum } }', { role: 'admin' }).sessionVariables).toEqual([])
    expect(plan('{ totals { sum } }', { role: 'other' }).sessionVariables).toBe('all')
  })

  it('depends on what it leads to', () => {
    expect(plan('{ totals { owner { id } } }').reads).toEqual(['any-write', tag('users')])
    expect(plan('{ totals { others { sum } } }').sessionVariables).toBe('all')
  })

  it('depends on the whole session when its SQL may ask for it, or it cannot be read', () => {
    expect(plan('{ sessions { sum } }', { role: 'admin' }).sessionVariables).toBe('all')
    expect(plan('{ odd { sum } }', { role: 'admin' }).sessionVariables).toBe('all')
    const nested = [{ name: 'sum', type: { logical_model: 'other' } }]
    const deep = onSource({
      source: { native_queries: queries, logical_models: [model({}, nested)] },
    })
    expect(deep('{ totals { sum } }').sessionVariables).toBe('all')
  })

  it('reads what the configuration says', () => {
    const declared = {
      nativeQueries: [{ source: 'default', name: 'totals', reads: ['orders', 'sums'] }],
    }
    const known = onSource({ source, declared })
    expect(known('{ totals { sum } }').reads).toEqual([tag('orders'), tag('sums')])
  })
})

describe('functions and views', () => {
  const functions = [{ function: 'search' }, { function: { schema: 'other', name: 'search' } }]
  const upstream: TestUpstream = {
    tables: [
      ...TABLES,
      table('sums', { user: {} }),
      table('opaque', { user: {} }),
      table('stored', { user: {} }),
      table(
        'fields',
        { user: {} },
        {
          computed_fields: [{ name: 'found', definition: { function: 'search' } }],
        },
      ),
    ],
    functions,
    catalog: {
      ...CATALOG,
      tables: [...CATALOG.tables, 'fields'],
      views: { ...CATALOG.views, opaque: ['users'] },
      viewsWithFunctions: ['opaque'],
      foreignTables: ['stored'],
      functions: { search: { returns: 'users' }, 'other.search': { returns: 'users' } },
    },
  }
  const declared = {
    functions: [{ source: 'default', name: 'search', reads: ['orders'] }],
    views: [
      { source: 'default', name: 'opaque', reads: ['orders'] },
      { source: 'default', name: 'public.stored', reads: ['sums'] },
    ],
  }

  it.each([
    ['{ search { id } }', [tag('users')], [tag('orders'), tag('users')]],
    ['{ other_search { id } }', [tag('users')], ['any-write', tag('users')]],
    [
      '{ fields { found { id } } }',
      [tag('fields'), tag('users')],
      [tag('fields'), tag('orders'), tag('users')],
    ],
    [
      '{ opaque { id } }',
      [tag('opaque'), tag('users')],
      [tag('opaque'), tag('orders'), tag('users')],
    ],
    ['{ stored { id } }', [tag('stored')], [tag('orders'), tag('stored'), tag('sums')]],
  ])('read anything, or what the configuration says: %s', (query, known, said) => {
    expect(planOn(upstream)(query).reads).toEqual(['any-write', ...known])
    expect(planOn({ ...upstream, declared })(query).reads).toEqual(said)
  })
})

describe('names in the configuration', () => {
  it('that mean nothing are told', () => {
    const reads = { source: 'default', reads: ['orders'] }
    const { cautions } = modelOf({
      tables: TABLES,
      catalog: { ...CATALOG, functions: { search: {} } },
      declared: {
        functions: [
          { ...reads, name: 'search' },
          { ...reads, name: 'serach' },
        ],
        views: [
          { ...reads, name: 'public.sums' },
          { ...reads, name: 'sum', reads: ['ordres'] },
        ],
        nativeQueries: [{ ...reads, name: 'totals' }],
        actions: [{ name: 'pay', source: 'elsewhere', writes: [] }],
        remoteSchemas: [{ name: 'countries', source: 'default', isPublic: true }],
      },
    })
    const names = [
      'function serach',
      'table or view sum',
      'native query totals',
      'action pay',
      'remote schema countries',
      'table ordres',
    ]
    const told = names.map((name) => `the configuration names the ${name}, which is not known`)
    expect(cautions).toEqual(told)
  })

  it('may be those of tables that Hasura tracks and the catalog lacks', () => {
    const { cautions } = modelOf({
      tables: TABLES,
      catalog: { tables: ['orders'] },
      declared: { views: [{ source: 'default', name: 'users', reads: ['users'] }] },
    })
    expect(cautions).toEqual([])
  })
})

describe('a connection that the request picks', () => {
  const routed = (template: string) =>
    onSource({ source: { configuration: { connection_template: { template } } } })

  it('adds the session to the key, and headers when it may ask for them', () => {
    const bySession = routed('{{ $.request.session.x-hasura-tenant }}')('{ users { id } }')
    expect(bySession).toMatchObject({ sessionVariables: 'all', forwardedHeaders: undefined })
    const byHeader = routed('{{ $.request.headers.tenant }}')('{ users { id } }')
    expect(byHeader.forwardedHeaders).toEqual({ except: [] })
  })
})

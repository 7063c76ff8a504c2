import { describe, expect, it } from 'vitest'
import { parseCatalog } from '../../../../src/gateway/metadata/catalog.ts'
import { mayAskSession } from '../../../../src/gateway/metadata/catalog-session.ts'
import { catalogText, type TestCatalog } from '../../../support/catalog-text.ts'
import { planOn, type TestUpstream, table } from '../../../support/plan-of.ts'

const names = ['plain', 'asking', 'calling', 'viewing', 'securing', 'moving', 'unheard_of', 'given']
const sum = { name: 'sum', type: { scalar: 'numeric' } }
const native = (name: string, code: string) => ({
  root_field_name: name,
  code,
  returns: 'total',
})

const CATALOG: TestCatalog = {
  tables: ['orders', 'users', 'secrets', 'fields'],
  rowSecurityOn: ['secrets'],
  views: {
    by_plain: ['orders'],
    by_asking: ['orders'],
    by_unknown: ['orders'],
    over_asking: ['by_asking'],
    over_hidden: ['hdb_catalog.hidden'],
  },
  viewsWithFunctions: ['by_plain', 'by_asking', 'by_unknown'],
  calls: [
    ['by_plain', 'plain'],
    ['by_asking', 'calling'],
    ['by_unknown', null],
  ],
  opaque: ['ext_fn'],
  functions: {
    plain: { returns: 'orders', mentions: ['r public.orders', 'f public.plain'] },
    asking: { returns: 'orders', asksSession: true },
    calling: { returns: 'orders', mentions: ['f public.asking', 'f public.calling'] },
    viewing: { returns: 'orders', mentions: ['r public.over_asking'] },
    securing: { returns: 'orders', mentions: ['r public.secrets'] },
    hiding: { returns: 'orders', mentions: ['r public.over_hidden'] },
    moving: { returns: 'orders', isVolatile: true },
    given: { returns: 'orders' },
  },
}

const UPSTREAM: TestUpstream = {
  tables: [
    ...['orders', 'users', 'secrets', ...Object.keys(CATALOG.views ?? {})].map((name) =>
      table(name, { user: {} }),
    ),
    table(
      'fields',
      { user: {}, filtered: { asked: { _eq: 1 } } },
      {
        computed_fields: ['plain', 'asking', 'unheard_of'].map((name) => ({
          name: name === 'asking' ? 'asked' : `by_${name}`,
          definition: { function: name },
        })),
      },
    ),
  ],
  functions: [
    ...names.map((name) => ({
      function: name,
      configuration: {
        exposed_as: 'query',
        ...(name === 'given' ? { session_argument: 'session' } : {}),
      },
    })),
    { function: 'hiding' },
  ],
  source: {
    native_queries: [
      native('totals', 'SELECT sum(x) FROM orders'),
      native('secret_totals', 'SELECT sum(x) FROM "Secrets"'),
      native('view_totals', 'SELECT sum(x) FROM public.over_asking'),
      native('called', 'SELECT calling(1)'),
      native('extended', 'SELECT ext_fn(1)'),
      native('user_totals', 'SELECT sum(x) FROM orders WHERE name <> current_user'),
    ],
    logical_models: [
      {
        name: 'total',
        fields: [sum],
        select_permissions: [{ role: 'user', permission: { columns: '*', filter: {} } }],
      },
    ],
  },
  catalog: CATALOG,
}

const sessionOn = (upstream: TestUpstream) => {
  const plan = planOn(upstream)
  return (query: string, role?: string) =>
    plan(query, role === undefined ? {} : { role }).sessionVariables
}

describe('a function without a session argument', () => {
  const session = sessionOn(UPSTREAM)

  it('is shared when the catalog shows that it reads no setting', () => {
    expect(session('{ plain { id } }')).toEqual([])
    expect(session('{ plain_aggregate { aggregate { count } } }')).toEqual([])
  })

  it.each(['asking', 'calling', 'viewing', 'securing', 'moving', 'unheard_of', 'given', 'hiding'])(
    'is keyed by the whole session when it may ask, or its kind is not known: %s',
    (name) => expect(session(`{ ${name} { id } }`)).toBe('all'),
  )

  it('is keyed so without a catalog', () => {
    expect(sessionOn({ ...UPSTREAM, catalog: undefined })('{ plain { id } }')).toBe('all')
  })

  it('is keyed so as a computed field, in a selection, an argument or a filter', () => {
    expect(session('{ fields { by_plain { id } } }')).toEqual([])
    expect(session('{ fields { asked { id } } }')).toBe('all')
    expect(session('{ fields { by_unheard_of } }')).toBe('all')
    expect(session('{ fields(where: {asked: {id: {_eq: 1}}}) { id } }')).toBe('all')
    expect(session('{ fields { id } }')).toEqual([])
    expect(session('{ fields { id } }', 'filtered')).toBe('all')
  })

  it('has the session of what it is said to read', () => {
    const declared = (reads: readonly string[]) => ({
      functions: [{ source: 'default', name: 'plain', reads }],
    })
    const reading = (reads: readonly string[]) =>
      sessionOn({ ...UPSTREAM, declared: declared(reads) })('{ plain { id } }')
    expect(reading(['users'])).toEqual([])
    expect(reading(['secrets'])).toBe('all')
    expect(reading(['over_asking'])).toBe('all')
    expect(reading(['nowhere'])).toBe('all')
  })

  it('asks whatever is said of what it reads', () => {
    const functions = [{ source: 'default', name: 'asking', reads: ['users'] }]
    expect(sessionOn({ ...UPSTREAM, declared: { functions } })('{ asking { id } }')).toBe('all')
  })
})

describe('a view', () => {
  const session = sessionOn(UPSTREAM)

  it('that calls functions is shared when none of them asks', () => {
    expect(session('{ by_plain { id } }')).toEqual([])
  })

  it.each(['by_asking', 'by_unknown', 'over_asking', 'over_hidden'])(
    'that may ask is keyed by the whole session: %s',
    (name) => expect(session(`{ ${name} { id } }`)).toBe('all'),
  )

  it('whose calls the catalog does not tell may ask', () => {
    const { calls: _, ...text } = JSON.parse(catalogText(CATALOG))
    const { relations } = parseCatalog(JSON.stringify(text))
    expect(relations.get('public.by_plain')?.readsSession).toBe(true)
    expect(relations.get('public.orders')?.readsSession).toBe(false)
  })
})

describe('a native query', () => {
  const session = sessionOn(UPSTREAM)

  it('is shared when its SQL names nothing that asks', () => {
    expect(session('{ totals { sum } }')).toEqual([])
  })

  it.each(['secret_totals', 'view_totals', 'called', 'extended', 'user_totals'])(
    'is keyed by the whole session when it names what may ask: %s',
    (name) => expect(session(`{ ${name} { sum } }`)).toBe('all'),
  )

  it('is keyed so without a catalog, unless the configuration says all of what it reads', () => {
    const bare: TestUpstream = { ...UPSTREAM, catalog: undefined }
    const nativeQueries = [{ source: 'default', name: 'totals', reads: ['orders'] }]
    const views = [{ source: 'default', name: 'orders', reads: ['orders'] }]
    const totals = '{ totals { sum } }'
    expect(sessionOn(bare)(totals)).toBe('all')
    expect(sessionOn({ ...bare, declared: { nativeQueries } })(totals)).toBe('all')
    expect(sessionOn({ ...bare, declared: { nativeQueries, views } })(totals)).toEqual([])
  })

  it('has the session of what it is said to read', () => {
    const nativeQueries = [{ source: 'default', name: 'totals', reads: ['secrets'] }]
    expect(sessionOn({ ...UPSTREAM, declared: { nativeQueries } })('{ totals { sum } }')).toBe(
      'all',
    )
  })
})

describe('SQL', () => {
  it('may ask anywhere, where an operator or a cast does', () => {
    const { session } = parseCatalog(catalogText({ ...CATALOG, implicit: ['calling'] }))
    expect(mayAskSession('SELECT 1', session)).toBe(true)
    expect(session.functions.has('public.plain')).toBe(true)
    const { session: other } = parseCatalog(catalogText({ ...CATALOG, implicit: ['plain'] }))
    expect(mayAskSession('SELECT 1', other)).toBe(false)
  })

  it('names words in any case, quoted or not, and no parts of words', () => {
    const { session } = parseCatalog(catalogText(CATALOG))
    expect(mayAskSession('select*from"SECRETS"', session)).toBe(true)
    expect(mayAskSession('select * from secrets_of_all', session)).toBe(false)
    expect(mayAskSession('select U&"x"', session)).toBe(true)
  })
})

describe('actions and remote schemas', () => {
  it('are told the whole session, whatever they are said to read', () => {
    const declared = {
      actions: [{ name: 'price', source: 'default', reads: [] }],
      remoteSchemas: [
        { name: 'r', source: 'default', isPublic: false, rootFields: ['one'], reads: [] },
      ],
    }
    const session = sessionOn({
      ...UPSTREAM,
      declared,
      metadata: {
        actions: [{ name: 'price', definition: { handler: 'http://h', type: 'query' } }],
        remote_schemas: [{ name: 'r', definition: { url: 'http://r' } }],
      },
    })
    expect(session('{ price { value } }')).toBe('all')
    expect(session('{ one { value } }')).toBe('all')
  })
})

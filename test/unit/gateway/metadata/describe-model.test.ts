import { describe, expect, it } from 'vitest'
import { parseCatalog } from '../../../../src/gateway/metadata/catalog.ts'
import { describeModel } from '../../../../src/gateway/metadata/describe-model.ts'
import { Footprints } from '../../../../src/gateway/metadata/footprints.ts'
import { buildModel, parseExport } from '../../../../src/gateway/metadata/hasura-metadata.ts'
import { catalogText } from '../../../support/catalog-text.ts'
import { exportOf, type TestUpstream, table, tag } from '../../../support/plan-of.ts'

function description(upstream: TestUpstream) {
  const catalogs = upstream.catalog
    ? new Map([['default', parseCatalog(catalogText(upstream.catalog))]])
    : new Map<string, never>()
  const model = buildModel(parseExport(exportOf(upstream)), catalogs, {
    conventions: ['hasura-default'],
  })
  return describeModel(new Footprints(model))
}

const SHOP: TestUpstream = {
  tables: [
    table('products', { user: {}, manager: {} }),
    table('orders', {
      user: { user_id: { _eq: 'X-Hasura-User-Id' } },
      manager: { _exists: { _table: 'products', _where: { org: 'X-Hasura-Org-Id' } } },
    }),
    table('secrets'),
  ],
  functions: [
    { function: 'search' },
    { function: 'mine', configuration: { session_argument: 'session' } },
    { function: 'roll', configuration: { exposed_as: 'query' } },
  ],
  catalog: {
    tables: ['products', 'orders', 'secrets'],
    functions: {
      search: { returns: 'products' },
      mine: { returns: 'products' },
      roll: { returns: 'products', isVolatile: true },
    },
  },
  metadata: {
    actions: [{ name: 'ask', definition: { type: 'query' } }],
    inherited_roles: [{ role_name: 'boss', role_set: ['manager'] }],
  },
}
const ROWS = ['products', 'products_by_pk', 'products_aggregate']

describe('the description of a Hasura', () => {
  const { roles, uncacheable, onRequestOnly, cautions, resourceVersion } = description(SHOP)
  const of = (name: string) => roles.find(({ role }) => role === name)?.tables ?? []

  it('lists the roles, admin first', () => {
    expect(resourceVersion).toBe(1)
    expect(roles.map(({ role }) => role)).toEqual(['admin', 'boss', 'manager', 'user'])
  })

  it('tells what an answer depends on', () => {
    expect(of('user')).toEqual([
      {
        source: 'default',
        table: 'public.products',
        rootFields: ROWS,
        sessionVariables: [],
        reads: [tag('products')],
      },
      {
        source: 'default',
        table: 'public.products',
        rootFields: ['search', 'search_aggregate'],
        sessionVariables: [],
        reads: ['any-write', tag('products')],
      },
      {
        source: 'default',
        table: 'public.products',
        rootFields: ['mine', 'mine_aggregate'],
        sessionVariables: 'all',
        reads: ['any-write', tag('products')],
      },
      {
        source: 'default',
        table: 'public.orders',
        rootFields: ['orders', 'orders_by_pk', 'orders_aggregate'],
        sessionVariables: ['x-hasura-user-id'],
        reads: [tag('orders')],
      },
    ])
  })

  it('follows inheritance and filters', () => {
    const orders = of('boss').find(({ table: name }) => name === 'public.orders')
    expect(orders).toMatchObject({
      sessionVariables: ['x-hasura-org-id'],
      reads: [tag('orders'), tag('products')],
    })
  })

  it('shows an admin all tables', () => {
    const tables = new Set(of('admin').map(({ table: name }) => name))
    expect([...tables]).toEqual(['public.products', 'public.orders', 'public.secrets'])
  })

  it('tells what is never cached, and what is not known', () => {
    expect(uncacheable).toEqual([
      { rootField: 'roll', reason: 'volatile-function' },
      { rootField: 'roll_aggregate', reason: 'volatile-function' },
    ])
    expect(onRequestOnly).toEqual([{ rootField: 'ask', reason: 'action' }])
    expect(cautions).toEqual([])
    const blind = description({ ...SHOP, catalog: undefined })
    expect(blind.cautions).toEqual([
      'the catalog of source default (postgres) is not known: its rows may depend on anything in the session, so answers with them are shared with nobody, but for what metadata.views declares',
    ])
    const remote = description({ ...SHOP, metadata: { remote_schemas: [{ name: 'weather' }] } })
    expect(remote.cautions).toEqual([
      'fields of remote schemas are cached on request only: what changes them is unknown',
    ])
  })

  it('tells what the catalog does not hold, and who shares it', () => {
    const { tables: _, ...catalog } = SHOP.catalog ?? {}
    const lacking = description({
      ...SHOP,
      catalog: { ...catalog, tables: ['orders'], views: { secrets: ['hdb_catalog.x'] } },
    })
    const why =
      'its rows may depend on anything in the session, so answers with them are shared with nobody'
    expect(lacking.cautions).toEqual([
      `table default:public.products: its catalog does not tell of public.products: ${why}`,
      `table default:public.secrets: its catalog does not tell of hdb_catalog.x: ${why}`,
    ])
    const tables = lacking.roles.find(({ role }) => role === 'user')?.tables
    expect(tables?.map(({ sessionVariables }) => sessionVariables)).toEqual([
      'all',
      'all',
      'all',
      ['x-hasura-user-id'],
    ])
  })

  it('names a namespace for what is in it', () => {
    const customization = { root_fields: { namespace: 'shop' } }
    const [, , , user] = description({ ...SHOP, source: { customization } }).roles
    expect(user?.tables.map(({ rootFields }) => rootFields)).toEqual([
      ['shop'],
      ['shop'],
      ['shop'],
      ['shop'],
    ])
  })
})

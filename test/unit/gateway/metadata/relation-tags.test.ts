import { describe, expect, it } from 'vitest'
import { planOn, type TestUpstream, table, tag } from '../../../support/plan-of.ts'

const ORG = { org: { _eq: 'X-Hasura-Org-Id' } }
const TABLES = [
  table('orders', { user: {} }),
  table('sums', { user: ORG }),
  table('notes', { user: { _exists: { _table: 'orders', _where: {} } } }),
]
const reading = (name: string, ...reads: readonly string[]) => ({ source: 'default', name, reads })
const planWith = (catalog: TestUpstream['catalog'], ...views: ReturnType<typeof reading>[]) =>
  planOn({ tables: TABLES, catalog, declared: { views } })

describe('a relation that the catalog tells of', () => {
  const plan = planWith({ tables: ['orders', 'notes'], views: { sums: ['orders'] } })

  it.each<[string, readonly string[], readonly string[]]>([
    ['orders', [], ['orders']],
    ['notes', [], ['notes', 'orders']],
    ['sums', ['x-hasura-org-id'], ['orders', 'sums']],
  ])('is shared as its permissions say: %s', (name, sessionVariables, reads) => {
    expect(plan(`{ ${name} { id } }`)).toMatchObject({ sessionVariables, reads: reads.map(tag) })
  })
})

describe('a relation that no catalog tells of', () => {
  const WHOLE = { sessionVariables: 'all', reads: expect.arrayContaining(['any-write']) }

  it.each<[string, TestUpstream['catalog'], string, string]>([
    ['there is no catalog', undefined, 'orders', 'user'],
    ['there is no catalog, even for admins', undefined, 'orders', 'admin'],
    ['the catalog lacks it', { tables: ['notes'] }, 'orders', 'user'],
    ['a filter looks at it', { tables: ['notes'] }, 'notes', 'user'],
    ['a view reads it', { views: { sums: ['pg_stat_activity'] } }, 'sums', 'user'],
    ['it is of another schema', { tables: ['other.orders'] }, 'orders', 'user'],
  ])('is keyed by the whole session and depends on any write: %s', (_, catalog, name, role) => {
    expect(planWith(catalog)(`{ ${name} { id } }`, { role })).toMatchObject(WHOLE)
  })

  it.each<[string, TestUpstream['catalog']]>([
    ['there is no catalog', undefined],
    ['the catalog lacks it', { tables: ['notes'] }],
  ])('is shared as its permissions say when the configuration declares it: %s', (_, catalog) => {
    const plan = planWith(catalog, reading('orders', 'orders'), reading('public.sums', 'orders'))
    expect(plan('{ orders { id } }')).toMatchObject({
      sessionVariables: [],
      reads: [tag('orders')],
    })
    expect(plan('{ sums { id } }')).toMatchObject({
      sessionVariables: ['x-hasura-org-id'],
      reads: [tag('orders'), tag('sums')],
    })
    expect(plan('mutation { delete_orders { affected_rows } }').writes).toEqual(['everything'])
  })

  it('is not declared by what reads it, nor in another source', () => {
    const plan = planWith(undefined, reading('sums', 'orders'), {
      ...reading('orders', 'orders'),
      source: 'other',
    })
    expect(plan('{ sums { id } }')).toMatchObject({ sessionVariables: 'all' })
    expect(plan('{ orders { id } }')).toMatchObject(WHOLE)
  })
})

describe('a declaration', () => {
  it('takes nothing back that the catalog tells of the session', () => {
    const plan = planWith(
      { tables: ['orders'], rowSecurityOn: ['orders'] },
      reading('orders', 'orders'),
    )
    expect(plan('{ orders { id } }').sessionVariables).toBe('all')
  })

  it('of a table in another kind of database has it shared', () => {
    const visits = { ...table('visits', { user: ORG }), table: { schema: 'dbo', name: 'visits' } }
    const plan = planOn({
      metadata: { sources: [{ name: 'other', kind: 'mssql', tables: [visits] }] },
      declared: { views: [{ source: 'other', name: 'visits', reads: ['visits'] }] },
    })
    expect(plan('{ visits { id } }')).toMatchObject({
      sessionVariables: ['x-hasura-org-id'],
      reads: ['table:other:dbo.visits'],
    })
  })
})

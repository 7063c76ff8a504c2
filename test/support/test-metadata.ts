import { catalogText } from './catalog-text.ts'

/**
 * A small metadata document as Hasura exports it: users see all products and their own orders, managers see
 * what belongs to their organisation.
 */
export const TEST_METADATA = {
  version: 3,
  sources: [
    {
      name: 'default',
      kind: 'postgres',
      tables: [
        table('products', { user: {}, manager: {}, anonymous: {} }),
        table('orders', {
          user: { user_id: { _eq: 'X-Hasura-User-Id' } },
          manager: { org_id: { _eq: 'X-Hasura-Org-Id' } },
        }),
        table('reports', { manager: { org_id: { _eq: 'X-Hasura-Org-Id' } } }),
      ],
      configuration: { connection_info: { database_url: { from_env: 'PG_DATABASE_URL' } } },
    },
  ],
} as const

function table(name: string, selectFilters: Readonly<Record<string, object>>): object {
  return {
    table: { name, schema: 'public' },
    select_permissions: Object.entries(selectFilters).map(([role, filter]) => ({
      role,
      permission: { columns: '*', filter, allow_aggregations: true },
    })),
  }
}

const CATALOG = catalogText({ tables: ['products', 'orders', 'reports'] })

/** What the database's catalogue says to the gateway's question; `undefined` for SQL of someone else. */
export function sqlAnswer(request: string): unknown {
  if (!request.includes('pg_catalog.pg_class')) return undefined
  return { result_type: 'TuplesOk', result: [['catalog'], [CATALOG]] }
}

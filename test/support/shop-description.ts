import type { TableDescription, UpstreamDescription } from '../../src/gateway/index.ts'

/** A small shop: products for everybody, orders for their owners. */
export const SHOP_DESCRIPTION: UpstreamDescription = {
  resourceVersion: 7,
  roles: [
    { role: 'admin', tables: [table('products', []), table('orders', [])] },
    { role: 'manager', tables: [table('orders', ['x-hasura-org-id'], ['users'])] },
    { role: 'user', tables: [table('products', []), table('orders', ['x-hasura-user-id'])] },
  ],
  uncacheable: [{ rootField: 'weather', reason: 'it is an action' }],
  onRequestOnly: [],
  rateLimits: [],
  cautions: ['What the view product_sales reads is not known.'],
}

function table(
  name: string,
  sessionVariables: readonly string[],
  alsoReads: readonly string[] = [],
): TableDescription {
  return {
    source: 'default',
    table: `public.${name}`,
    rootFields: [name, `${name}_by_pk`],
    sessionVariables,
    reads: [name, ...alsoReads].map((read) => `table:default:public.${read}`),
  }
}

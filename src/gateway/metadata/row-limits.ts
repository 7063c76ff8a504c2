import type { MetadataModel, TableId } from './metadata-model.ts'
import { ADMIN } from './permission-filters.ts'

interface LimitedPermission {
  readonly role: string
  readonly permission: { readonly limit?: unknown }
}

/** The row limits of select permissions, by role. */
export function rowLimits(permissions: readonly LimitedPermission[]): ReadonlyMap<string, number> {
  const limits = new Map<string, number>()
  for (const { role, permission } of permissions) {
    const { limit } = permission
    if (typeof limit === 'number' && limit >= 0) limits.set(role, limit)
  }
  return limits
}

/**
 * How many rows of a table a role is shown at most; `undefined` when nothing limits them. An inherited role may
 * see as many as the most generous of those that it inherits from.
 */
export function rowLimitOf(
  { tables, inheritedRoles }: Pick<MetadataModel, 'tables' | 'inheritedRoles'>,
  id: TableId,
  role: string,
): number | undefined {
  const table = tables.get(id)
  if (table === undefined || role === ADMIN) return undefined
  let most: number | undefined
  const roles = new Set([role])
  // A Set iterates over what is added meanwhile.
  for (const one of roles) {
    if (table.selectFilters.has(one)) {
      const limit = table.rowLimits.get(one)
      if (limit === undefined) return undefined
      most = Math.max(most ?? 0, limit)
    } else for (const parent of inheritedRoles.get(one) ?? []) roles.add(parent)
  }
  return most
}

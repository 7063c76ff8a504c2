import type { CacheDetail, CacheOptions } from '../options.ts'

export type CacheDetailOptions = Pick<CacheOptions, 'detail' | 'detailAnonymous' | 'detailRoles'>

/**
 * How much of the cache clients of a role are told. A hit says that somebody has asked before, and `Age` says
 * when: whoever may not know that of others is told less. Admins look for why something is so.
 */
export function cacheDetailOf(
  { detail, detailAnonymous, detailRoles }: CacheDetailOptions,
  role: string,
  unauthorizedRole: string | undefined,
): CacheDetail {
  const own = detailRoles.find(({ roles }) => roles.includes(role))
  if (own !== undefined) return own.detail
  if (role === 'admin') return 'full'
  return role === unauthorizedRole ? least(detail, detailAnonymous) : detail
}

/** Who is not known is told no more than who is. */
function least(one: CacheDetail, other: CacheDetail): CacheDetail {
  return LESS_AND_LESS.indexOf(one) > LESS_AND_LESS.indexOf(other) ? one : other
}

const LESS_AND_LESS: readonly CacheDetail[] = ['full', 'hit-only', 'off']

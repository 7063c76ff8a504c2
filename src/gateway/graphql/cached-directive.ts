import { type ArgumentNode, type DirectiveNode, Kind } from 'graphql'
import type { CachedDirective, Operation } from './operation.ts'

export const CACHED = 'cached'

/**
 * Hasura EE's `@cached(ttl: Int! = 60, refresh: Boolean! = false)` on an operation. Its arguments count only
 * as literals: one that comes through a variable, is unknown or is given twice makes it `invalid`.
 */
export function readCachedDirective(directives: readonly DirectiveNode[]): Operation['cached'] {
  const [directive, ...others] = directives.filter(({ name }) => name.value === CACHED)
  if (directive === undefined) return undefined
  const given = new Map((directive.arguments ?? []).map((node) => [node.name.value, node]))
  const isStrange = others.length > 0 || given.size !== (directive.arguments ?? []).length
  if (isStrange || [...given.keys()].some((name) => !KNOWN.has(name))) return 'invalid'
  const ttlSeconds = readTtl(given.get('ttl'))
  const refresh = readRefresh(given.get('refresh'))
  return ttlSeconds === 'invalid' || refresh === 'invalid' ? 'invalid' : { ttlSeconds, refresh }
}

/** GraphQL's Int has 32 bits: Hasura refuses more. */
const INT_MAX = 2 ** 31 - 1

const KNOWN: ReadonlySet<string> = new Set(['ttl', 'refresh'])

function readTtl(argument: ArgumentNode | undefined): CachedDirective['ttlSeconds'] | 'invalid' {
  if (argument === undefined) return undefined
  if (argument.value.kind !== Kind.INT) return 'invalid'
  const seconds = Number(argument.value.value)
  return Math.abs(seconds) <= INT_MAX ? seconds : 'invalid'
}

function readRefresh(argument: ArgumentNode | undefined): boolean | 'invalid' {
  if (argument === undefined) return false
  return argument.value.kind === Kind.BOOLEAN ? argument.value.value : 'invalid'
}

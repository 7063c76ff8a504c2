import { type Answer, withOwnHeaders } from './answer.ts'
import type { Ask, GraphqlParts } from './graphql-parts.ts'

/** The headers that make of a request somebody's, but for that of a token with a header of its own. */
export const CREDENTIAL_HEADERS: readonly string[] = [
  'Authorization',
  'Cookie',
  'X-Hasura-Admin-Secret',
  'X-Hasura-Access-Key',
  'X-Hasura-Role',
]

/**
 * An answer to a GET, which browsers and CDNs may keep: `public` when it is the same for all who bring no
 * credentials, else for the client alone, as it was. What says nothing of it must not be kept.
 *
 * Of a POST no cache keeps the answer by its URL; those go without.
 */
export function asSharable(
  { decisions, credentialHeaders }: Pick<GraphqlParts, 'decisions' | 'credentialHeaders'>,
  ask: Ask,
  answer: Answer,
): Answer {
  const own = withOwnHeaders(answer)
  const headers = [...own.headers, 'Vary', ['Accept', 'Origin', ...credentialHeaders].join(', ')]
  const at = indexOfCacheControl(headers)
  if (at < 0) headers.push('Cache-Control', 'no-store')
  else if (isForEverybody(ask, decisions)) {
    headers[at] = headers[at]?.replace(/\bprivate\b/, 'public') ?? 'no-store'
  }
  return { ...own, headers }
}

/** Where its value stands. */
function indexOfCacheControl(headers: readonly string[]): number {
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() === 'cache-control') return at + 1
  }
  return -1
}

/** Without credentials it is who they say they are: what they say must not matter either. */
function isForEverybody(
  { identity, prepared }: Ask,
  decisions: GraphqlParts['decisions'],
): boolean {
  if (identity.kind !== 'unauthorized') return false
  const { sessionVariables, forwardedHeaders } = decisions.plan(prepared, identity.role)
  return (
    sessionVariables !== 'all' && sessionVariables.length === 0 && forwardedHeaders === undefined
  )
}

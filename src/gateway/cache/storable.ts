import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'

/** Why an answer is passed on and not kept. A closed set: it becomes a label. */
export const DISCARD_REASONS = [
  'status',
  'content-type',
  'content-encoding',
  'set-cookie',
  'no-store',
  'size',
  'not-json',
  'errors',
  'incomplete',
  'no-data',
  'epoch',
  'overtaken',
  'admission',
  'capacity',
  'store',
] as const
export type DiscardReason = (typeof DISCARD_REASONS)[number]

/** What in the answer itself forbids to keep it; `undefined` when it is a complete result without errors. */
export function whyNotStorable(
  answer: UpstreamAnswer,
  entryBytesMax: number,
): DiscardReason | undefined {
  const { headers } = answer
  if (answer.status !== 200) return 'status'
  if (!isPlainJson(headers['content-type'])) return 'content-type'
  if (headers['content-encoding'] !== undefined) return 'content-encoding'
  if (headers['set-cookie'] !== undefined) return 'set-cookie'
  if (forbidsKeeping(headers['cache-control'], headers.vary)) return 'no-store'
  if (answer.body.length > entryBytesMax) return 'size'
  return whyNotAResult(answer.body)
}

function whyNotAResult(body: Buffer): DiscardReason | undefined {
  const result = parseJson(body)
  if (typeof result !== 'object' || result === null) return 'not-json'
  if (Object.hasOwn(result, 'errors')) return 'errors'
  if (!('data' in result)) return 'not-json'
  if (!isWhole(result)) return 'incomplete'
  // GraphQL answers null without an error for nothing a query can ask: something was lost on the way.
  return typeof result.data === 'object' && result.data !== null ? undefined : 'no-data'
}

/** What @defer, @stream and subscriptions begin with is followed by more, in any of the drafts. */
function isWhole(result: object): boolean {
  if ('pending' in result || 'incremental' in result) return false
  return !('hasNext' in result) || result.hasNext === false
}

/**
 * Hasura says none of it. What stands between may, and knows what it forbids: to keep the answer, to keep it for
 * others, to serve it without asking.
 */
function forbidsKeeping(cacheControl: string | undefined, vary: string | undefined): boolean {
  if (vary?.includes('*') === true) return true
  if (cacheControl === undefined) return false
  return /(?:^|[\s,])(?:no-store|no-cache|private|(?:s-maxage|max-age)\s*=\s*"?0+)(?![\w-])/i.test(
    cacheControl,
  )
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

/** In UTF-8, told or implied: what is kept is sent with this one type. */
function isPlainJson(contentType: string | undefined): boolean {
  return /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(contentType ?? '')
}

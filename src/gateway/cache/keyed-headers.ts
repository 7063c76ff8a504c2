import type { ForwardedHeaders } from '../metadata/plan.ts'

/**
 * About one request and not about what is asked: every request has others, and whoever lets an answer depend
 * on them cannot have it cached.
 */
const PER_REQUEST: ReadonlySet<string> = new Set(['traceparent', 'tracestate', 'x-request-id'])

/**
 * Of the headers that a request is sent with, as names and values in turn, those that join its key: sorted,
 * values of one name in their order.
 */
export function keyedHeaders(
  sent: readonly string[],
  { except }: ForwardedHeaders,
): readonly (readonly [name: string, value: string])[] {
  const keyed: [string, string][] = []
  for (let index = 0; index + 1 < sent.length; index += 2) {
    const name = (sent[index] ?? '').toLowerCase()
    if (!PER_REQUEST.has(name) && !except.includes(name)) keyed.push([name, sent[index + 1] ?? ''])
  }
  return keyed.sort(([one], [other]) => (one === other ? 0 : one < other ? -1 : 1))
}

import { timeExceeded } from '../limits/limit-errors.ts'
import { withoutSuggestions } from '../limits/suggestions.ts'
import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'
import type { GraphqlParts } from './graphql-parts.ts'

/**
 * Asks the upstream to execute an operation, unless too much is to do. `send` is told to end it, on the
 * upstream's side too, once the role's time is over.
 */
export async function callUpstream(
  parts: GraphqlParts,
  role: string,
  send: (signal: AbortSignal | undefined) => Promise<UpstreamAnswer>,
): Promise<UpstreamAnswer> {
  parts.loadShedder.admit()
  const { timeMs, introspection } = parts.queryLimits.of(role)
  const answer = await (timeMs === undefined ? send(undefined) : sendInTime(timeMs, send))
  return introspection ? answer : { ...answer, body: withoutSuggestions(answer.body) }
}

async function sendInTime(
  timeMs: number,
  send: (signal: AbortSignal) => Promise<UpstreamAnswer>,
): Promise<UpstreamAnswer> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(timeExceeded(timeMs)), timeMs)
  try {
    return await send(controller.signal)
  } finally {
    clearTimeout(timer)
  }
}

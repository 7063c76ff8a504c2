import { GatewayError } from '../errors.ts'
import type { UpstreamAnswer } from './upstream-answer.ts'
import { isConnectFailure, isCutConnection } from './upstream-error.ts'

/**
 * Sends a query a second time when its connection was refused or went away: Hasura was restarting, or
 * closing an idle connection at that moment. Only for what changes nothing: whether a mutation was executed
 * cannot be known.
 */
export async function retriedOnce(send: () => Promise<UpstreamAnswer>): Promise<UpstreamAnswer> {
  try {
    return await send()
  } catch (error) {
    if (!(error instanceof GatewayError) || !isTransient(error.cause)) throw error
    return await send()
  }
}

function isTransient(cause: unknown): boolean {
  return isConnectFailure(cause) || isCutConnection(cause)
}

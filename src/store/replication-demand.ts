import { StoreError } from './store.ts'

/** How many replicas are to have what was written before it is relied on, and how long that may take. */
export interface ReplicationDemand {
  readonly replicas: number
  readonly timeoutMs: number
}

/** What WAIT answered. Throws unless enough of them have it. */
export function checkReplicas(reply: unknown, replicas: number): void {
  if (typeof reply === 'number' && reply >= replicas) return
  if (typeof reply === 'number') {
    throw unconfirmed(`${reply} of ${replicas} replicas confirmed in time`)
  }
  throw unconfirmed(reply instanceof Error ? reply.message : 'WAIT was not answered with a number')
}

export function unconfirmed(reason: string, cause?: unknown): StoreError {
  return new StoreError('unconfirmed', `what was written is not confirmed: ${reason}`, { cause })
}

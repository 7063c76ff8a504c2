/** As ROLE tells it. */
export type LinkState = 'connect' | 'connecting' | 'handshake' | 'sync' | 'connected'

/** In Redis' words (replication.c, replicationCron), which who watches replicas looks for. */
export function silenceIn(state: LinkState): string {
  if (state === 'connected') return 'MASTER timeout: no data nor PING received...'
  return state === 'sync'
    ? "Timeout receiving bulk data from MASTER... If the problem persists try to set the 'repl-timeout' parameter in redis.conf to a larger value."
    : 'Timeout connecting to the MASTER...'
}

/** What a connection's end means, by how far it had come. */
export function failureIn(state: LinkState, reason: string): string {
  switch (state) {
    case 'connect':
    case 'connecting':
      return `Error condition on socket for SYNC: ${reason}`
    case 'sync':
      return `I/O error trying to sync with MASTER: ${reason}`
    case 'connected':
      return `Connection with master lost: ${reason}`
    case 'handshake':
      return reason
  }
}

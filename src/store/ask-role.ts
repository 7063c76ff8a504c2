import { setTimeout } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { infoField } from './info-field.ts'
import { type RemoteAddress, tlsOfAddress } from './store-url.ts'

/** Where a server of a group is. */
export interface PrimaryAddress {
  readonly host: string
  readonly port: number
}

/** What a server says of itself. */
export interface RoleReport {
  /** Whom it follows; `undefined` when it is a primary. */
  readonly follows: PrimaryAddress | undefined
  /** Of its history: the same at a primary and at all that follow it. */
  readonly replicationId: string
  /** Of one that has been made a primary: of the history it had as a replica. */
  readonly formerReplicationId: string | undefined
}

/** Of one that does not tell: whether something is there that takes the question. */
export type NoRole = 'silent' | 'unreachable'

/** What it says within `timeoutMs`. */
export async function askRole(
  { tls, host, port, username, password }: RemoteAddress,
  timeoutMs: number,
): Promise<RoleReport | NoRole> {
  const redis = new Redis({
    host,
    port,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...tlsOfAddress({ tls, host }),
    lazyConnect: true,
    connectTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  let isThere = false
  redis.once('connect', () => {
    isThere = true
  })
  // What goes wrong is told by the promises as well.
  redis.on('error', () => undefined)
  const timer = new AbortController()
  const silence = setTimeout(timeoutMs, undefined, { signal: timer.signal }).then(
    () => (isThere ? 'silent' : 'unreachable'),
    () => 'unreachable' as const,
  )
  try {
    const told = redis.connect().then(() => redis.info('replication'))
    return await Promise.race([told.then(roleIn, () => 'unreachable' as const), silence])
  } finally {
    timer.abort()
    redis.disconnect()
  }
}

function roleIn(info: string): RoleReport | NoRole {
  const role = infoField(info, 'role')
  if (role !== 'master' && role !== 'slave') return 'unreachable'
  const primary = {
    host: infoField(info, 'master_host'),
    port: Number(infoField(info, 'master_port')),
  }
  return {
    follows: role === 'master' ? undefined : primary,
    replicationId: infoField(info, 'master_replid'),
    formerReplicationId: historyNamed(infoField(info, 'master_replid2')),
  }
}

/** Zeros name none. */
function historyNamed(id: string): string | undefined {
  return /^0*$/.test(id) ? undefined : id
}

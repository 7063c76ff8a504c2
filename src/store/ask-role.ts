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
  /** Of a primary that was a replica before: whose history it has gone on with. */
  readonly formerReplicationId: string
}

/** `undefined` when it cannot be asked within `timeoutMs`. */
export async function askRole(
  { tls, host, port, username, password }: RemoteAddress,
  timeoutMs: number,
): Promise<RoleReport | undefined> {
  const redis = new Redis({
    host,
    port,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...tlsOfAddress({ tls, host }),
    lazyConnect: true,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  // What goes wrong is told by the promises as well.
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    return roleIn(await redis.info('replication'))
  } catch {
    return undefined
  } finally {
    redis.disconnect()
  }
}

function roleIn(info: string): RoleReport | undefined {
  const role = infoField(info, 'role')
  if (role !== 'master' && role !== 'slave') return undefined
  const primary = {
    host: infoField(info, 'master_host'),
    port: Number(infoField(info, 'master_port')),
  }
  return {
    follows: role === 'master' ? undefined : primary,
    replicationId: infoField(info, 'master_replid'),
    formerReplicationId: infoField(info, 'master_replid2'),
  }
}

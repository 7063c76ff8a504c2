import type { Config } from '../config/index.ts'
import type { EmbeddedClient } from '../engine/index.ts'
import { invariant } from '../shared/assert.ts'
import { findPrimary, parseStoreUrl, type RemoteAddress } from '../store/index.ts'

/** How an engine takes part in a group of replicas. */
export interface ReplicaOptions {
  /** How whoever is the primary is spoken to; host and port are those to begin with. */
  readonly access: Pick<RemoteAddress, 'tls' | 'username' | 'password'>
  /** Whom it follows from the start; `undefined` for one that begins as a primary. */
  readonly primary: Pick<RemoteAddress, 'host' | 'port'> | undefined
  /** Whom it asks at the start who is the primary. */
  readonly asked: RemoteAddress | undefined
}

const SILENCE_MAX_SECONDS = 10

/** `undefined` for an engine that nobody can follow, and that follows none. */
export function replicaOptions(
  url: string | undefined,
  port: number | undefined,
  { redis_password, redis_tls_cert, replica_when }: Config['engine'],
): ReplicaOptions | undefined {
  if (url === undefined) {
    // Those it may follow one day are as it is.
    const tls = redis_tls_cert !== undefined
    const access = { tls, username: undefined, password: redis_password }
    return port === undefined ? undefined : { access, primary: undefined, asked: undefined }
  }
  const address = parseStoreUrl(url)
  invariant(address?.kind === 'remote', 'the configuration has checked the URL')
  const { password = redis_password } = address
  const access = { tls: address.tls, username: address.username, password }
  return replica_when === 'always'
    ? { access, primary: address, asked: undefined }
    : { access, primary: undefined, asked: { ...address, password } }
}

/** How long the start waits for who may be the primary. */
const ASKING_MS_MAX = 2_000

/**
 * Before it serves anybody, with what it has kept loaded: an engine that was the primary before may have to follow
 * another one now.
 */
export async function followPrimary(
  client: EmbeddedClient,
  { asked, primary }: ReplicaOptions,
): Promise<void> {
  const followed = primary ?? (asked && (await findPrimary(asked, ASKING_MS_MAX)))
  if (followed !== undefined) client.call('REPLICAOF', followed.host, followed.port)
}

/** As in redis.conf. */
export function replicaDirectives({ access }: ReplicaOptions): Readonly<Record<string, string>> {
  return {
    masteruser: access.username ?? '',
    masterauth: access.password ?? '',
    'tls-replication': access.tls ? 'yes' : 'no',
    // A copy is a matter of memory, and of now.
    'repl-diskless-load': 'swapdb',
    'repl-diskless-sync-delay': '0',
    'repl-ping-replica-period': '1',
    'repl-timeout': String(SILENCE_MAX_SECONDS),
  }
}

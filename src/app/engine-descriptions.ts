import type { Config } from '../config/index.ts'
import type { KeepingOptions } from './kept-files.ts'
import { type ReplicaOptions, replicaOptions } from './replica-options.ts'

/** What has an engine, and with it memory, of its own (docs/adr/0020-memory-for-each-class.md). */
export type EngineClass = 'cache' | 'limits' | 'sessions'

export interface EngineDescription {
  readonly name: EngineClass
  /** As in redis.conf; what is kept on disk is told by `keeping`. */
  readonly directives: Readonly<Record<string, string>>
  /** Where Redis clients are served, and the option that says so; `undefined` when they are not. */
  readonly listener: EngineListener | undefined
  /** `undefined` when nothing is kept on disk. */
  readonly keeping: KeepingOptions | undefined
  /** `undefined` when it has no part in a group of replicas. */
  readonly replica: ReplicaOptions | undefined
}

export interface EngineListener {
  readonly host: string
  readonly port: number
  readonly isEncrypted: boolean
  readonly option: string
}

/** The engines of a gateway, as its configuration has them. */
export function describeEngines({
  engine,
  session,
}: Pick<Config, 'engine' | 'session'>): Readonly<Record<EngineClass, EngineDescription>> {
  const { appendfsync, redis_password: requirepass = '' } = engine
  const encryption = encryptionDirectives(engine)
  const isEncrypted = encryption !== undefined
  const listener = (option: string, port: number | undefined): EngineListener | undefined =>
    port === undefined ? undefined : { host: engine.redis_host, port, option, isEncrypted }
  const memory = (maxmemory: number, policy: string): EngineDescription['directives'] => {
    return { maxmemory: String(maxmemory), 'maxmemory-policy': policy, requirepass, ...encryption }
  }
  const cacheReplica = replicaOptions(engine.replica_of, engine.redis_port, engine)
  return {
    cache: {
      name: 'cache',
      directives: memory(engine.maxmemory, engine.maxmemory_policy),
      listener: listener('engine.redis_port', engine.redis_port),
      keeping: keeping(engine, {
        appendfsync,
        whenInDoubt: 'forget',
        mayHaveCopies: cacheReplica !== undefined,
      }),
      replica: cacheReplica,
    },
    // Nothing in another class can displace what is in these two, and nothing in themselves.
    limits: {
      name: 'limits',
      directives: memory(engine.limits_maxmemory, 'noeviction'),
      listener: listener('engine.limits_redis_port', engine.limits_redis_port),
      // A request that a crash leaves uncounted is not worth a flush of the disk for each.
      keeping: keeping(engine, {
        appendfsync: appendfsync === 'always' ? 'everysec' : appendfsync,
        whenInDoubt: 'keep',
        mayHaveCopies: false,
      }),
      replica: replicaOptions(engine.limits_replica_of, engine.limits_redis_port, engine),
    },
    sessions: {
      name: 'sessions',
      directives: memory(engine.sessions_maxmemory, 'noeviction'),
      listener: listener('engine.sessions_redis_port', engine.sessions_redis_port),
      keeping: keeping(engine, {
        appendfsync: session.durability === 'fsync' ? 'always' : appendfsync,
        whenInDoubt: 'warn',
        // What another primary did meanwhile comes with the copy of it: nothing is made of what is here.
        mayHaveCopies: false,
      }),
      replica: replicaOptions(engine.sessions_replica_of, engine.sessions_redis_port, engine),
    },
  }
}

/** Clients need no certificate: they have the password. */
function encryptionDirectives({
  redis_tls_cert,
  redis_tls_key,
}: Config['engine']): EngineDescription['directives'] | undefined {
  if (redis_tls_cert === undefined || redis_tls_key === undefined) return undefined
  return {
    'tls-cert-file': redis_tls_cert,
    'tls-key-file': redis_tls_key,
    'tls-auth-clients': 'no',
  }
}

function keeping(
  { persistence, save }: Config['engine'],
  own: Omit<KeepingOptions, 'persistence' | 'save'>,
): KeepingOptions | undefined {
  return persistence === 'none' ? undefined : { persistence, save, ...own }
}

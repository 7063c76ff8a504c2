import { MAXMEMORY_POLICIES } from '../../engine/index.ts'
import { option, optionalOption } from '../option.ts'
import { section } from '../section.ts'
import {
  byteSize,
  duration,
  oneOf,
  port,
  remoteStoreUrl,
  savePoints,
  text,
} from '../value-types.ts'

export const engine = section('The embedded engine, where store.url is "embedded:".', {
  maxmemory: option(byteSize({ min: '0', max: '1024gb' }), {
    default: '256mb',
    env: ['GERBANG_MAXMEMORY'],
    flag: 'maxmemory',
    doc: 'Memory for keys and values; 0 is without limit.',
  }),
  maxmemory_policy: option(oneOf(MAXMEMORY_POLICIES), {
    default: 'volatile-lru',
    doc: 'Which keys go when the memory is full, as redis.conf names it.',
  }),
  limits_maxmemory: option(byteSize({ min: '8mb', max: '1024gb' }), {
    default: '64mb',
    doc: 'Memory that limits have to themselves, about 400 bytes for each subject and rule. Nothing is evicted: when it is full, on_store_failure of the rules says what becomes of who is new.',
  }),
  sessions_maxmemory: option(byteSize({ min: '8mb', max: '1024gb' }), {
    default: '64mb',
    doc: 'Memory that sessions and revocations have to themselves, about 2 kb for each session. Nothing is evicted: from 95 percent on nobody can sign in.',
  }),
  persistence: option(oneOf(['none', 'rdb', 'aof+rdb']), {
    default: 'none',
    env: ['GERBANG_PERSISTENCE'],
    flag: 'persistence',
    doc: 'What is on disk, to start with again. none: nothing. rdb: a snapshot at save points and at the end. aof+rdb: a log of every write, too.',
  }),
  data_dir: optionalOption(text, {
    env: ['GERBANG_DATA_DIR'],
    flag: 'data-dir',
    doc: 'Directory for it, of this gateway alone and on this machine; created when it is not there. Needed unless persistence is none.',
  }),
  appendfsync: option(oneOf(['always', 'everysec', 'no']), {
    default: 'everysec',
    doc: 'When the log is flushed to the disk, as redis.conf names it. always: before anybody is answered; limits once a second all the same.',
  }),
  save: option(savePoints, {
    default: '3600 1 300 100 60 10000',
    doc: 'Save points as in redis.conf: a snapshot is taken after so many seconds with so many changes.',
  }),
  redis_host: option(text, {
    default: '127.0.0.1',
    doc: 'Address on which Redis clients are served. Other than loopback needs redis_password.',
  }),
  redis_port: optionalOption(port, {
    env: ['GERBANG_REDIS_PORT'],
    flag: 'redis-port',
    doc: 'TCP port on which Redis clients are served what the cache keeps, redis-cli for one; 0 picks a free one. Off unless given.',
  }),
  limits_redis_port: optionalOption(port, {
    env: ['GERBANG_LIMITS_REDIS_PORT'],
    doc: 'The same of the engine that keeps limits.',
  }),
  sessions_redis_port: optionalOption(port, {
    env: ['GERBANG_SESSIONS_REDIS_PORT'],
    doc: 'The same of the engine that keeps sessions and revocations.',
  }),
  redis_tls_cert: optionalOption(text, {
    env: ['GERBANG_REDIS_TLS_CERT'],
    doc: 'File with the certificate (PEM) for Redis clients: with it and redis_tls_key all the Redis ports speak TLS, and nothing else. Read at the start.',
  }),
  redis_tls_key: optionalOption(text, {
    env: ['GERBANG_REDIS_TLS_KEY'],
    doc: 'File with the key (PEM) of redis_tls_cert.',
  }),
  redis_password: optionalOption(text, {
    env: ['GERBANG_REDIS_PASSWORD'],
    isSecret: true,
    doc: 'What Redis clients must send with AUTH. Sent to a primary as well, unless its URL has another one.',
  }),
  replica_of: optionalOption(remoteStoreUrl, {
    env: ['GERBANG_REPLICA_OF'],
    flag: 'replica-of',
    isSecret: true,
    doc: 'Makes the engine of the cache a replica of another gateway’s, or of a Redis: redis[s]://[[user]:password@]host:port. Reads are answered here, writes are sent there. Needs redis_port. With rediss:// the certificate has to be one that Node.js trusts (NODE_EXTRA_CA_CERTS names more), for this host.',
  }),
  limits_replica_of: optionalOption(remoteStoreUrl, {
    env: ['GERBANG_LIMITS_REPLICA_OF'],
    isSecret: true,
    doc: 'The same of limits, which are counted by the primary then. Needs limits_redis_port.',
  }),
  sessions_replica_of: optionalOption(remoteStoreUrl, {
    env: ['GERBANG_SESSIONS_REPLICA_OF'],
    isSecret: true,
    doc: 'The same of sessions and revocations. Needs sessions_redis_port.',
  }),
  replica_when: option(oneOf(['always', 'primary-found']), {
    default: 'always',
    env: ['GERBANG_REPLICA_WHEN'],
    doc: '“always” begins as a replica. “primary-found” only if the one that is named, or whom that follows, says that it is a primary; otherwise as a primary: for the gateway that is to be it when all begin.',
  }),
  replica_lease: option(duration({ min: '100ms', max: '1m' }), {
    default: '1s',
    doc: 'How long a replica is used that hears nothing from its primary, and how long a write waits for one that does not answer. All gateways need the same.',
  }),
})

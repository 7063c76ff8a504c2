import { primaryAddress } from '../compound-types.ts'
import type { Directive } from '../directive.ts'
import { boolean, checkedText, integer, memory, oneOf, only, text } from '../simple-types.ts'
import { INT_MAX, LONG_MAX, PORT_MAX, ULONG_MAX } from './bounds.ts'

const NO_CLUSTER = 'cluster mode is not there yet'
const HOSTNAME_BYTES_MAX = 256
const count = integer({ min: 0n, max: INT_MAX })
const positive = integer({ min: 1n, max: INT_MAX })
const port = integer({ min: 0n, max: PORT_MAX })
const absent = { type: text, defaultValue: '', isAbsentWhenEmpty: true } as const

/** Replication and cluster. */
export const REPLICATION_DIRECTIVES: readonly Directive[] = [
  {
    name: 'replicaof',
    alias: 'slaveof',
    type: primaryAddress,
    defaultValue: '',
    isImmutable: true,
    isAbsentWhenEmpty: true,
  },
  { name: 'masterauth', ...absent, isSensitive: true },
  { name: 'masteruser', ...absent, isSensitive: true },
  {
    name: 'replica-serve-stale-data',
    alias: 'slave-serve-stale-data',
    type: boolean,
    defaultValue: 'yes',
  },
  { name: 'replica-read-only', alias: 'slave-read-only', type: boolean, defaultValue: 'yes' },
  {
    name: 'replica-ignore-maxmemory',
    alias: 'slave-ignore-maxmemory',
    type: boolean,
    defaultValue: 'yes',
  },
  { name: 'replica-lazy-flush', alias: 'slave-lazy-flush', type: boolean, defaultValue: 'no' },
  { name: 'replica-priority', alias: 'slave-priority', type: count, defaultValue: '100' },
  { name: 'replica-announced', type: boolean, defaultValue: 'yes' },
  { name: 'replica-announce-ip', alias: 'slave-announce-ip', ...absent },
  { name: 'replica-announce-port', alias: 'slave-announce-port', type: port, defaultValue: '0' },
  { name: 'replica-ignore-disk-write-errors', type: boolean, defaultValue: 'no' },
  { name: 'repl-disable-tcp-nodelay', type: boolean, defaultValue: 'no' },
  { name: 'repl-diskless-sync', type: boolean, defaultValue: 'yes' },
  { name: 'repl-diskless-sync-delay', type: count, defaultValue: '5' },
  { name: 'repl-diskless-sync-max-replicas', type: count, defaultValue: '0' },
  {
    name: 'repl-diskless-load',
    type: oneOf(['disabled', 'on-empty-db', 'swapdb']),
    defaultValue: 'disabled',
    isDeniedWhileLoading: true,
  },
  { name: 'repl-timeout', type: positive, defaultValue: '60' },
  {
    name: 'repl-ping-replica-period',
    alias: 'repl-ping-slave-period',
    type: positive,
    defaultValue: '10',
  },
  { name: 'repl-backlog-size', type: memory({ min: 1n, max: LONG_MAX }), defaultValue: '1048576' },
  { name: 'repl-backlog-ttl', type: integer({ min: 0n, max: LONG_MAX }), defaultValue: '3600' },
  { name: 'min-replicas-to-write', alias: 'min-slaves-to-write', type: count, defaultValue: '0' },
  { name: 'min-replicas-max-lag', alias: 'min-slaves-max-lag', type: count, defaultValue: '10' },
  {
    name: 'propagation-error-behavior',
    type: oneOf(['ignore', 'panic', 'panic-on-replicas']),
    defaultValue: 'ignore',
  },
  { name: 'tls-replication', type: boolean, defaultValue: 'no' },
  { name: 'cluster-enabled', type: only('no', NO_CLUSTER), defaultValue: 'no', isImmutable: true },
  { name: 'cluster-config-file', type: text, defaultValue: 'nodes.conf', isImmutable: true },
  { name: 'cluster-port', type: port, defaultValue: '0', isImmutable: true },
  {
    name: 'cluster-node-timeout',
    type: integer({ min: 0n, max: LONG_MAX }),
    defaultValue: '15000',
  },
  {
    name: 'cluster-replica-validity-factor',
    alias: 'cluster-slave-validity-factor',
    type: count,
    defaultValue: '10',
  },
  {
    name: 'cluster-replica-no-failover',
    alias: 'cluster-slave-no-failover',
    type: boolean,
    defaultValue: 'no',
  },
  { name: 'cluster-migration-barrier', type: count, defaultValue: '1' },
  { name: 'cluster-allow-replica-migration', type: boolean, defaultValue: 'yes' },
  { name: 'cluster-require-full-coverage', type: boolean, defaultValue: 'yes' },
  { name: 'cluster-allow-reads-when-down', type: boolean, defaultValue: 'no' },
  { name: 'cluster-allow-pubsubshard-when-down', type: boolean, defaultValue: 'yes' },
  {
    name: 'cluster-link-sendbuf-limit',
    type: memory({ min: 0n, max: ULONG_MAX }),
    defaultValue: '0',
  },
  { name: 'cluster-announce-ip', ...absent },
  { name: 'cluster-announce-hostname', ...absent, type: checkedText(hostnameError) },
  { name: 'cluster-announce-port', type: port, defaultValue: '0' },
  { name: 'cluster-announce-tls-port', type: port, defaultValue: '0' },
  { name: 'cluster-announce-bus-port', type: port, defaultValue: '0' },
  {
    name: 'cluster-preferred-endpoint-type',
    type: oneOf(['ip', 'hostname', 'unknown-endpoint']),
    defaultValue: 'ip',
  },
  { name: 'tls-cluster', type: boolean, defaultValue: 'no' },
]

function hostnameError(name: string): string | undefined {
  if (name.length >= HOSTNAME_BYTES_MAX) {
    return `Hostnames must be less than ${HOSTNAME_BYTES_MAX} characters`
  }
  if (/^[A-Za-z0-9.-]*$/.test(name)) return undefined
  return 'Hostnames may only contain alphanumeric characters, hyphens or dots'
}

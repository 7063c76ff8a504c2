import { bindAddresses, outputLimits } from '../compound-types.ts'
import type { Directive } from '../directive.ts'
import { boolean, integer, memory, memoryOrPercent, octal, oneOf, text } from '../simple-types.ts'
import { INT_MAX, LONG_MAX, PORT_MAX, UINT_MAX } from './bounds.ts'

const MEBIBYTE = 1_024n ** 2n
const count = integer({ min: 0n, max: INT_MAX })
const port = integer({ min: 0n, max: PORT_MAX })
const file = { type: text, defaultValue: '', isAbsentWhenEmpty: true } as const

/** Sockets, clients and TLS. */
export const NETWORK_DIRECTIVES: readonly Directive[] = [
  { name: 'bind', type: bindAddresses, defaultValue: '* -::*' },
  { name: 'port', type: port, defaultValue: '6379' },
  { name: 'tcp-backlog', type: count, defaultValue: '511', isImmutable: true },
  { name: 'tcp-keepalive', type: count, defaultValue: '300' },
  { name: 'timeout', type: count, defaultValue: '0' },
  { name: 'unixsocket', ...file, isImmutable: true },
  {
    name: 'unixsocketperm',
    type: octal({ min: 0n, max: 0o777n }),
    defaultValue: '0',
    isImmutable: true,
  },
  { name: 'maxclients', type: integer({ min: 1n, max: UINT_MAX }), defaultValue: '10000' },
  { name: 'protected-mode', type: boolean, defaultValue: 'yes' },
  {
    name: 'proto-max-bulk-len',
    type: memory({ min: MEBIBYTE, max: LONG_MAX }),
    defaultValue: '536870912',
  },
  {
    name: 'client-query-buffer-limit',
    type: memory({ min: MEBIBYTE, max: LONG_MAX }),
    defaultValue: '1073741824',
  },
  {
    name: 'client-output-buffer-limit',
    type: outputLimits,
    defaultValue: 'normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60',
  },
  { name: 'maxmemory-clients', type: memoryOrPercent(LONG_MAX), defaultValue: '0' },
  {
    name: 'tracking-table-max-keys',
    type: integer({ min: 0n, max: LONG_MAX }),
    defaultValue: '1000000',
  },
  { name: 'tls-port', type: port, defaultValue: '0' },
  { name: 'tls-cert-file', ...file },
  { name: 'tls-key-file', ...file },
  { name: 'tls-key-file-pass', ...file, isSensitive: true },
  { name: 'tls-client-cert-file', ...file },
  { name: 'tls-client-key-file', ...file },
  { name: 'tls-client-key-file-pass', ...file, isSensitive: true },
  { name: 'tls-dh-params-file', ...file },
  { name: 'tls-ca-cert-file', ...file },
  { name: 'tls-ca-cert-dir', ...file },
  { name: 'tls-auth-clients', type: oneOf(['no', 'yes', 'optional']), defaultValue: 'yes' },
  { name: 'tls-protocols', ...file },
  { name: 'tls-ciphers', ...file },
  { name: 'tls-ciphersuites', ...file },
  { name: 'tls-prefer-server-ciphers', type: boolean, defaultValue: 'no' },
  { name: 'tls-session-caching', type: boolean, defaultValue: 'yes' },
  { name: 'tls-session-cache-size', type: count, defaultValue: '20480' },
  { name: 'tls-session-cache-timeout', type: count, defaultValue: '300' },
  {
    name: 'socket-mark-id',
    type: integer({ min: 0n, max: UINT_MAX }),
    defaultValue: '0',
    isImmutable: true,
    unused: 'Node sets no marks on sockets',
  },
  {
    name: 'io-threads',
    type: integer({ min: 1n, max: 128n }),
    defaultValue: '1',
    isImmutable: true,
    unused: 'one thread reads, runs and writes',
  },
  {
    name: 'io-threads-do-reads',
    type: boolean,
    defaultValue: 'no',
    isImmutable: true,
    unused: 'one thread reads, runs and writes',
  },
]

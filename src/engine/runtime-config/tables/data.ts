import { MAXMEMORY_POLICIES } from '../../keyspace/eviction.ts'
import { eventClasses, percentiles } from '../compound-types.ts'
import type { Directive } from '../directive.ts'
import {
  activeDefragmentation,
  boolean,
  integer,
  limitedInteger,
  memory,
  oneOf,
} from '../simple-types.ts'
import { INT_MAX, INT_MIN, LONG_MAX, ULONG_MAX } from './bounds.ts'

const ALWAYS_LAZY = 'large values are always freed in slices, by whatever they end'
const NO_DEFRAGMENTATION =
  'as in a redis-server without a jemalloc of its own, Debian’s for one; freed blocks go back page by page'
const count = integer({ min: 0n, max: INT_MAX })
const size = integer({ min: 0n, max: LONG_MAX })
const bytes = memory({ min: 0n, max: LONG_MAX })

/** Keys and values: memory, expiry, encodings, and what is told about commands. */
export const DATA_DIRECTIVES: readonly Directive[] = [
  {
    name: 'databases',
    type: integer({ min: 1n, max: INT_MAX }),
    defaultValue: '16',
    isImmutable: true,
  },
  { name: 'maxmemory', type: memory({ min: 0n, max: ULONG_MAX }), defaultValue: '0' },
  { name: 'maxmemory-policy', type: oneOf(MAXMEMORY_POLICIES), defaultValue: 'noeviction' },
  { name: 'maxmemory-samples', type: integer({ min: 1n, max: INT_MAX }), defaultValue: '5' },
  {
    name: 'maxmemory-eviction-tenacity',
    type: integer({ min: 0n, max: 100n }),
    defaultValue: '10',
    unused: 'eviction works for at most a millisecond per command',
  },
  { name: 'lfu-log-factor', type: count, defaultValue: '10' },
  { name: 'lfu-decay-time', type: count, defaultValue: '1' },
  {
    name: 'hz',
    type: limitedInteger({ min: 0n, max: INT_MAX }, { min: 1n, max: 500n }),
    defaultValue: '10',
  },
  {
    name: 'dynamic-hz',
    type: boolean,
    defaultValue: 'yes',
    unused: 'a cycle costs the same with any number of clients',
  },
  { name: 'active-expire-effort', type: integer({ min: 1n, max: 10n }), defaultValue: '1' },
  {
    name: 'activerehashing',
    type: boolean,
    defaultValue: 'yes',
    unused: 'tables are always moved on by the cycle',
  },
  {
    name: 'hash-max-listpack-entries',
    alias: 'hash-max-ziplist-entries',
    type: size,
    defaultValue: '512',
  },
  {
    name: 'hash-max-listpack-value',
    alias: 'hash-max-ziplist-value',
    type: bytes,
    defaultValue: '64',
  },
  { name: 'set-max-intset-entries', type: size, defaultValue: '512' },
  {
    name: 'zset-max-listpack-entries',
    alias: 'zset-max-ziplist-entries',
    type: size,
    defaultValue: '128',
  },
  {
    name: 'zset-max-listpack-value',
    alias: 'zset-max-ziplist-value',
    type: bytes,
    defaultValue: '64',
  },
  {
    name: 'list-max-listpack-size',
    alias: 'list-max-ziplist-size',
    type: integer({ min: INT_MIN, max: INT_MAX }),
    defaultValue: '-2',
  },
  { name: 'list-compress-depth', type: count, defaultValue: '0' },
  { name: 'hll-sparse-max-bytes', type: bytes, defaultValue: '3000' },
  { name: 'stream-node-max-bytes', type: bytes, defaultValue: '4096' },
  { name: 'stream-node-max-entries', type: size, defaultValue: '100' },
  { name: 'notify-keyspace-events', type: eventClasses, defaultValue: '' },
  {
    name: 'busy-reply-threshold',
    alias: 'lua-time-limit',
    type: size,
    defaultValue: '5000',
  },
  {
    name: 'slowlog-log-slower-than',
    type: integer({ min: -1n, max: LONG_MAX }),
    defaultValue: '10000',
  },
  { name: 'slowlog-max-len', type: size, defaultValue: '128' },
  { name: 'latency-monitor-threshold', type: size, defaultValue: '0' },
  { name: 'latency-tracking', type: boolean, defaultValue: 'yes' },
  {
    name: 'latency-tracking-info-percentiles',
    type: percentiles,
    defaultValue: '50 99 99.9',
  },
  ...['eviction', 'expire', 'server-del', 'user-del', 'user-flush'].map((name) => ({
    name: `lazyfree-lazy-${name}`,
    type: boolean,
    defaultValue: 'no',
    unused: ALWAYS_LAZY,
  })),
  {
    name: 'activedefrag',
    type: activeDefragmentation,
    defaultValue: 'no',
    unused: NO_DEFRAGMENTATION,
  },
  ...defragmentation('cycle-min', 1n, 99n, '1'),
  ...defragmentation('cycle-max', 1n, 99n, '25'),
  ...defragmentation('threshold-lower', 0n, 1_000n, '10'),
  ...defragmentation('threshold-upper', 0n, 1_000n, '100'),
  ...defragmentation('max-scan-fields', 1n, LONG_MAX, '1000'),
  {
    name: 'active-defrag-ignore-bytes',
    type: memory({ min: 1n, max: LONG_MAX }),
    defaultValue: '104857600',
    unused: NO_DEFRAGMENTATION,
  },
]

function defragmentation(
  name: string,
  min: bigint,
  max: bigint,
  defaultValue: string,
): readonly Directive[] {
  const type = integer({ min, max })
  return [{ name: `active-defrag-${name}`, type, defaultValue, unused: NO_DEFRAGMENTATION }]
}

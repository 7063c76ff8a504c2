import { MAXMEMORY_POLICIES } from '../keyspace/eviction.ts'
import type { Directive } from './directive.ts'

const INT_MAX = 0x7fff_ffff
const MEMORY_MAX = Number.MAX_SAFE_INTEGER
const NO_PERSISTENCE = 'nothing is written to disk yet, and nobody shall rely on it'

/** Names, bounds and defaults of Redis 7.0 (config.c), those that mean something here. */
export const DIRECTIVES: readonly Directive[] = [
  string('bind', '127.0.0.1 -::1', false),
  integer('port', 6_379, 0, 65_535, false),
  integer('tcp-backlog', 511, 0, INT_MAX, false),
  integer('tcp-keepalive', 300, 0, INT_MAX),
  integer('timeout', 0, 0, INT_MAX),
  integer('databases', 16, 1, INT_MAX, false),
  integer('maxclients', 10_000, 1, INT_MAX),
  string('requirepass', ''),
  boolean('protected-mode', true),
  string('dir', '.', false),
  only('save', '', NO_PERSISTENCE),
  only('appendonly', 'no', NO_PERSISTENCE),
  only(
    'daemonize',
    'no',
    'runs in the foreground only; let a service manager put it behind',
    false,
  ),
  enumeration('enable-debug-command', 'no', ['no', 'yes', 'local'], false),
  enumeration('loglevel', 'notice', ['debug', 'verbose', 'notice', 'warning', 'nothing']),
  memory('maxmemory', 0, 0),
  enumeration('maxmemory-policy', 'noeviction', MAXMEMORY_POLICIES),
  integer('maxmemory-samples', 5, 1, INT_MAX),
  integer('lfu-log-factor', 10, 0, INT_MAX),
  integer('lfu-decay-time', 1, 0, INT_MAX),
  eventClasses('notify-keyspace-events'),
  integer('hz', 10, 0, INT_MAX),
  integer('active-expire-effort', 1, 1, 10),
  memory('proto-max-bulk-len', 512 * 1_024 ** 2, 1_024 ** 2),
  memory('client-query-buffer-limit', 1_024 ** 3, 1_024 ** 2),
  {
    name: 'client-output-buffer-limit',
    type: { kind: 'output-limits' },
    defaultValue: 'normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60',
    isMutable: true,
  },
]

/** Letters of keyspace events (pubsub/keyspace-notifications.ts). */
function eventClasses(name: string): Directive {
  return { name, type: { kind: 'event-classes' }, defaultValue: '', isMutable: true }
}

function string(name: string, defaultValue: string, isMutable = true): Directive {
  return { name, type: { kind: 'string' }, defaultValue, isMutable }
}

/** A promise of Redis' that is not kept here: better no start than a start without it. */
function only(name: string, value: string, why: string, isMutable = true): Directive {
  return { name, type: { kind: 'only', value, why }, defaultValue: value, isMutable }
}

function boolean(name: string, isOn: boolean, isMutable = true): Directive {
  return { name, type: { kind: 'boolean' }, defaultValue: isOn ? 'yes' : 'no', isMutable }
}

function enumeration(
  name: string,
  defaultValue: string,
  values: readonly string[],
  isMutable = true,
): Directive {
  return { name, type: { kind: 'enum', values }, defaultValue, isMutable }
}

function memory(name: string, bytes: number, min: number): Directive {
  const type = { kind: 'memory', min, max: MEMORY_MAX } as const
  return { name, type, defaultValue: String(bytes), isMutable: true }
}

function integer(
  name: string,
  value: number,
  min: number,
  max: number,
  isMutable = true,
): Directive {
  return { name, type: { kind: 'integer', min, max }, defaultValue: String(value), isMutable }
}

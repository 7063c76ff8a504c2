import type { CommandSpec } from '../execution/command.ts'
import { keyAt, keysAfter, withNotes } from '../execution/key-spec.ts'
import { replyWithHelp } from './help.ts'
import { xadd } from './stream-add.ts'
import { xautoclaim } from './stream-autoclaim.ts'
import { xclaim } from './stream-claim.ts'
import {
  xack,
  xgroupCreate,
  xgroupCreateConsumer,
  xgroupDelConsumer,
  xgroupDestroy,
  xgroupSetId,
} from './stream-group.ts'
import { xinfoConsumers, xinfoGroups, xinfoStream } from './stream-info.ts'
import { xpending } from './stream-pending.ts'
import { xdel, xlen, xrange, xsetid } from './stream-range.ts'
import { xread } from './stream-read.ts'
import { xtrim } from './stream-trim.ts'

const STREAMS = 'STREAMS'
const NONDETERMINISTIC = ['nondeterministic_output']

const XGROUP_HELP = [
  'CREATE <key> <groupname> <id|$> [option]',
  '    Create a new consumer group. Options are:',
  '    * MKSTREAM',
  '      Create the empty stream if it does not exist.',
  '    * ENTRIESREAD entries_read',
  "      Set the group's entries_read counter (internal use).",
  'CREATECONSUMER <key> <groupname> <consumer>',
  '    Create a new consumer in the specified group.',
  'DELCONSUMER <key> <groupname> <consumer>',
  '    Remove the specified consumer.',
  'DESTROY <key> <groupname>',
  '    Remove the specified group.',
  'SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]',
  '    Set the current group ID and entries_read counter.',
]

const XINFO_HELP = [
  'CONSUMERS <key> <groupname>',
  '    Show consumers of <groupname>.',
  'GROUPS <key>',
  '    Show the stream consumer groups.',
  'STREAM <key> [FULL [COUNT <count>]',
  '    Show information about the stream.',
]

const XGROUP_SUBCOMMANDS: readonly CommandSpec[] = [
  {
    name: 'create',
    group: 'stream',
    since: '5.0.0',
    summary: 'Create a consumer group.',
    arity: -5,
    flags: ['write', 'denyoom'],
    keySpecs: [keyAt(2, 'RW', 'insert')],
    run: xgroupCreate,
  },
  {
    name: 'createconsumer',
    group: 'stream',
    since: '6.2.0',
    summary: 'Create a consumer in a consumer group.',
    arity: 5,
    flags: ['write', 'denyoom'],
    keySpecs: [keyAt(2, 'RW', 'insert')],
    run: xgroupCreateConsumer,
  },
  {
    name: 'delconsumer',
    group: 'stream',
    since: '5.0.0',
    summary: 'Delete a consumer from a consumer group.',
    arity: 5,
    flags: ['write'],
    keySpecs: [keyAt(2, 'RW', 'delete')],
    run: xgroupDelConsumer,
  },
  {
    name: 'destroy',
    group: 'stream',
    since: '5.0.0',
    summary: 'Destroy a consumer group.',
    arity: 4,
    flags: ['write'],
    keySpecs: [keyAt(2, 'RW', 'delete')],
    run: xgroupDestroy,
  },
  {
    name: 'help',
    group: 'stream',
    since: '5.0.0',
    summary: 'Show helpful text about the different subcommands',
    arity: 2,
    flags: ['loading', 'stale'],
    run: (context) => replyWithHelp(context, 'XGROUP', XGROUP_HELP),
  },
  {
    name: 'setid',
    group: 'stream',
    since: '5.0.0',
    summary: 'Set a consumer group to an arbitrary last delivered ID value.',
    arity: -5,
    flags: ['write'],
    keySpecs: [keyAt(2, 'RW', 'update')],
    run: xgroupSetId,
  },
]

const XINFO_SUBCOMMANDS: readonly CommandSpec[] = [
  {
    name: 'consumers',
    group: 'stream',
    since: '5.0.0',
    summary: 'List the consumers in a consumer group',
    arity: 4,
    flags: ['readonly'],
    keySpecs: [keyAt(2, 'RO', 'access')],
    tips: NONDETERMINISTIC,
    run: xinfoConsumers,
  },
  {
    name: 'groups',
    group: 'stream',
    since: '5.0.0',
    summary: 'List the consumer groups of a stream',
    arity: 3,
    flags: ['readonly'],
    keySpecs: [keyAt(2, 'RO', 'access')],
    run: xinfoGroups,
  },
  {
    name: 'help',
    group: 'stream',
    since: '5.0.0',
    summary: 'Show helpful text about the different subcommands',
    arity: 2,
    flags: ['loading', 'stale'],
    run: (context) => replyWithHelp(context, 'XINFO', XINFO_HELP),
  },
  {
    name: 'stream',
    group: 'stream',
    since: '5.0.0',
    summary: 'Get information about a stream',
    arity: -3,
    flags: ['readonly'],
    keySpecs: [keyAt(2, 'RO', 'access')],
    run: xinfoStream,
  },
]

export const streamCommands: readonly CommandSpec[] = [
  {
    name: 'xack',
    group: 'stream',
    since: '5.0.0',
    summary:
      'Marks a pending message as correctly processed, effectively removing it from the pending entries list of the consumer group. Return value of the command is the number of messages successfully acknowledged, that is, the IDs we were actually able to resolve in the PEL.',
    arity: -4,
    flags: ['write', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'update')],
    run: xack,
  },
  {
    name: 'xadd',
    group: 'stream',
    since: '5.0.0',
    summary: 'Appends a new entry to a stream',
    arity: -5,
    flags: ['write', 'denyoom', 'fast'],
    keySpecs: [
      withNotes(
        'UPDATE instead of INSERT because of the optional trimming feature',
        keyAt(1, 'RW', 'update'),
      ),
    ],
    tips: NONDETERMINISTIC,
    run: xadd,
  },
  {
    name: 'xautoclaim',
    group: 'stream',
    since: '6.2.0',
    summary:
      'Changes (or acquires) ownership of messages in a consumer group, as if the messages were delivered to the specified consumer.',
    arity: -6,
    flags: ['write', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'delete')],
    tips: NONDETERMINISTIC,
    run: xautoclaim,
  },
  {
    name: 'xclaim',
    group: 'stream',
    since: '5.0.0',
    summary:
      'Changes (or acquires) ownership of a message in a consumer group, as if the message was delivered to the specified consumer.',
    arity: -6,
    flags: ['write', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'update')],
    tips: NONDETERMINISTIC,
    run: xclaim,
  },
  {
    name: 'xdel',
    group: 'stream',
    since: '5.0.0',
    summary:
      'Removes the specified entries from the stream. Returns the number of items actually deleted, that may be different from the number of IDs passed in case certain IDs do not exist.',
    arity: -3,
    flags: ['write', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'delete')],
    run: xdel,
  },
  {
    name: 'xgroup',
    group: 'stream',
    since: '5.0.0',
    summary: 'A container for consumer groups commands',
    arity: -2,
    flags: [],
    subcommands: XGROUP_SUBCOMMANDS,
    run: () => undefined,
  },
  {
    name: 'xinfo',
    group: 'stream',
    since: '5.0.0',
    summary: 'A container for stream introspection commands',
    arity: -2,
    flags: [],
    subcommands: XINFO_SUBCOMMANDS,
    run: () => undefined,
  },
  {
    name: 'xlen',
    group: 'stream',
    since: '5.0.0',
    summary: 'Return the number of entries in a stream',
    arity: 2,
    flags: ['readonly', 'fast'],
    keySpecs: [keyAt(1, 'RO')],
    run: xlen,
  },
  {
    name: 'xpending',
    group: 'stream',
    since: '5.0.0',
    summary:
      'Return information and entries from a stream consumer group pending entries list, that are messages fetched but never acknowledged.',
    arity: -3,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    tips: NONDETERMINISTIC,
    run: xpending,
  },
  {
    name: 'xrange',
    group: 'stream',
    since: '5.0.0',
    summary: 'Return a range of elements in a stream, with IDs matching the specified IDs interval',
    arity: -4,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    run: (context) => xrange(context, 'forward'),
  },
  {
    name: 'xread',
    group: 'stream',
    since: '5.0.0',
    summary:
      'Return never seen elements in multiple streams, with IDs greater than the ones reported by the caller for each stream. Can block.',
    arity: -4,
    flags: ['readonly', 'blocking'],
    keySpecs: [keysAfter({ keyword: STREAMS, startFrom: 1, limit: 2 }, 'RO', 'access')],
    run: (context) => xread(context, 'xread'),
  },
  {
    name: 'xreadgroup',
    group: 'stream',
    since: '5.0.0',
    summary:
      'Return new entries from a stream using a consumer group, or access the history of the pending entries for a given consumer. Can block.',
    arity: -7,
    flags: ['write', 'blocking'],
    keySpecs: [keysAfter({ keyword: STREAMS, startFrom: 4, limit: 2 }, 'RO', 'access')],
    run: (context) => xread(context, 'xreadgroup'),
  },
  {
    name: 'xrevrange',
    group: 'stream',
    since: '5.0.0',
    summary:
      'Return a range of elements in a stream, with IDs matching the specified IDs interval, in reverse order (from greater to smaller IDs) compared to XRANGE',
    arity: -4,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    run: (context) => xrange(context, 'backward'),
  },
  {
    name: 'xsetid',
    group: 'stream',
    since: '5.0.0',
    summary: 'An internal command for replicating stream values',
    arity: -3,
    flags: ['write', 'denyoom', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'update')],
    run: xsetid,
  },
  {
    name: 'xtrim',
    group: 'stream',
    since: '5.0.0',
    summary: "Trims the stream to (approximately if '~' is passed) a certain size",
    arity: -4,
    flags: ['write'],
    keySpecs: [keyAt(1, 'RW', 'delete')],
    tips: NONDETERMINISTIC,
    run: xtrim,
  },
]

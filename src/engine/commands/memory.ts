import { integerArgument } from '../execution/arguments.ts'
import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { keyAt } from '../execution/key-spec.ts'
import type { MemoryStat } from '../introspection/memory-use.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import type { ReplyWriter } from '../protocol/reply-writer.ts'
import { replyWithHelp } from './help.ts'
import { memoryReport } from './memory-doctor.ts'

export const memoryCommands: readonly CommandSpec[] = [
  {
    name: 'memory',
    group: 'server',
    since: '4.0.0',
    summary: 'A container for memory diagnostics commands',
    arity: -2,
    flags: [],
    subcommands: [
      {
        name: 'doctor',
        group: 'server',
        since: '4.0.0',
        summary: 'Outputs memory problems report',
        arity: 2,
        flags: [],
        tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
        run: memoryDoctor,
      },
      {
        name: 'help',
        group: 'server',
        since: '4.0.0',
        summary: 'Show helpful text about the different subcommands',
        arity: 2,
        flags: ['loading', 'stale'],
        run: memoryHelp,
      },
      {
        name: 'malloc-stats',
        group: 'server',
        since: '4.0.0',
        summary: 'Show allocator internal stats',
        arity: 2,
        flags: [],
        tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
        run: memoryMallocStats,
      },
      {
        name: 'purge',
        group: 'server',
        since: '4.0.0',
        summary: 'Ask the allocator to release memory',
        arity: 2,
        flags: [],
        tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
        run: memoryPurge,
      },
      {
        name: 'stats',
        group: 'server',
        since: '4.0.0',
        summary: 'Show memory usage details',
        arity: 2,
        flags: [],
        tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
        run: memoryStats,
      },
      {
        name: 'usage',
        group: 'server',
        since: '4.0.0',
        summary: 'Estimate the memory usage of a key',
        arity: -3,
        flags: ['readonly'],
        keySpecs: [keyAt(2, 'RO')],
        run: memoryUsage,
      },
    ],
    run: () => undefined,
  },
]

/** Exact, however many elements SAMPLES asks for: the engine counts what a value takes. */
function memoryUsage({ argv, database, reply }: CommandContext): void {
  for (let index = 3; index < argv.count; index += 2) {
    if (!argv.is(index, 'SAMPLES') || index + 1 >= argv.count) {
      return reply.error(replyErrors.syntax)
    }
    const samples = integerArgument(argv, index + 1)
    if (Number.isNaN(samples)) return reply.error(replyErrors.notInteger)
    if (samples < 0) return reply.error(replyErrors.syntax)
  }
  const record = database.peek(argv.bytes, argv.start(2), argv.length(2))
  if (record === 0) reply.null()
  else reply.integer(database.memoryUsage(record))
}

function memoryStats({ reply, services }: CommandContext): void {
  replyWithStats(reply, services.memoryStats())
}

function replyWithStats(reply: ReplyWriter, stats: readonly MemoryStat[]): void {
  reply.map(stats.length)
  for (const [name, kind, value] of stats) {
    reply.text(name)
    if (kind === 'map') replyWithStats(reply, value)
    else if (kind === 'integer') reply.integer(value)
    else reply.double(value)
  }
}

function memoryDoctor({ reply, services }: CommandContext): void {
  reply.verbatim(memoryReport(services.memoryStats(), services.clients.size))
}

/** The slab gives back each page that is empty when it becomes so: there is nothing left to do. */
function memoryPurge({ reply }: CommandContext): void {
  reply.simple('OK')
}

function memoryMallocStats({ reply, services }: CommandContext): void {
  const { slab } = services.keyspace
  const lines = [
    'slab allocator',
    `bytes in blocks: ${slab.usedBytes}`,
    `bytes in pages: ${slab.heldBytes}`,
  ]
  reply.verbatim(`${lines.join('\n')}\n`)
}

function memoryHelp(context: CommandContext): void {
  replyWithHelp(context, 'MEMORY', [
    'DOCTOR',
    '    Return memory problems reports.',
    'MALLOC-STATS',
    '    Return internal statistics report from the memory allocator.',
    'PURGE',
    '    Attempt to purge dirty pages for reclamation by the allocator.',
    'STATS',
    '    Return information about the memory usage of the server.',
    'USAGE <key> [SAMPLES <count>]',
    '    Return memory in bytes used by <key> and its value. Nested values are',
    '    sampled up to <count> times (default: 5, 0 means sample all).',
  ])
}

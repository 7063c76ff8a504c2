import { integerArgument } from '../execution/arguments.ts'
import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import type { SlowCall } from '../introspection/slow-log.ts'
import { replyErrors, subcommandSyntax } from '../protocol/reply-errors.ts'
import type { ReplyWriter } from '../protocol/reply-writer.ts'
import { replyWithHelp } from './help.ts'

const COUNT = 10

export const slowlogCommands: readonly CommandSpec[] = [
  {
    name: 'slowlog',
    group: 'server',
    since: '2.2.12',
    summary: 'A container for slow log commands',
    arity: -2,
    flags: [],
    subcommands: [
      {
        name: 'get',
        group: 'server',
        since: '2.2.12',
        summary: "Get the slow log's entries",
        arity: -2,
        flags: ['admin', 'loading', 'stale'],
        tips: ['request_policy:all_nodes', 'nondeterministic_output'],
        run: slowlogGet,
      },
      {
        name: 'help',
        group: 'server',
        since: '6.2.0',
        summary: 'Show helpful text about the different subcommands',
        arity: 2,
        flags: ['loading', 'stale'],
        run: slowlogHelp,
      },
      {
        name: 'len',
        group: 'server',
        since: '2.2.12',
        summary: "Get the slow log's length",
        arity: 2,
        flags: ['admin', 'loading', 'stale'],
        tips: ['request_policy:all_nodes', 'response_policy:agg_sum', 'nondeterministic_output'],
        run: slowlogLen,
      },
      {
        name: 'reset',
        group: 'server',
        since: '2.2.12',
        summary: 'Clear all entries from the slow log',
        arity: 2,
        flags: ['admin', 'loading', 'stale'],
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        run: slowlogReset,
      },
    ],
    run: () => undefined,
  },
]

function slowlogGet({ argv, reply, services }: CommandContext): void {
  if (argv.count > 3) return reply.error(subcommandSyntax('SLOWLOG', argv.latin1(1)))
  let count = COUNT
  if (argv.count === 3) {
    count = integerArgument(argv, 2)
    if (!(count >= -1)) return reply.error(replyErrors.slowlogCount)
  }
  const { slowLog } = services
  const calls = slowLog.latest(count === -1 ? slowLog.length : count)
  reply.array(calls.length)
  for (const call of calls) replyWithCall(reply, call)
}

function replyWithCall(reply: ReplyWriter, call: SlowCall): void {
  reply.array(6)
  reply.integer(call.id)
  reply.integer(call.second)
  reply.integer(call.usec)
  reply.array(call.args.length)
  for (const text of call.args) replyWithLatin1(reply, text)
  reply.text(call.address)
  replyWithLatin1(reply, call.clientName)
}

/** Arguments are kept as one character per byte. */
function replyWithLatin1(reply: ReplyWriter, text: string): void {
  const bytes = Buffer.from(text, 'latin1')
  reply.bulk(bytes, 0, bytes.length)
}

function slowlogLen({ reply, services }: CommandContext): void {
  reply.integer(services.slowLog.length)
}

function slowlogReset({ reply, services }: CommandContext): void {
  services.slowLog.reset()
  reply.simple('OK')
}

function slowlogHelp(context: CommandContext): void {
  replyWithHelp(context, 'SLOWLOG', [
    'GET [<count>]',
    '    Return top <count> entries from the slowlog (default: 10, -1 mean all).',
    '    Entries are made of:',
    '    id, timestamp, time in microseconds, arguments array, client IP and port,',
    '    client name',
    'LEN',
    '    Return the length of the slowlog.',
    'RESET',
    '    Reset the slowlog.',
  ])
}

import type { Command, CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { noLatencySamples } from '../protocol/reply-errors.ts'
import type { ReplyWriter } from '../protocol/reply-writer.ts'
import { replyWithHelp } from './help.ts'
import { latencyReport } from './latency-doctor.ts'
import { drawLatency } from './latency-graph.ts'

export const latencyCommands: readonly CommandSpec[] = [
  {
    name: 'latency',
    group: 'server',
    since: '2.8.13',
    summary: 'A container for latency diagnostics commands',
    arity: -2,
    flags: [],
    subcommands: [
      {
        name: 'doctor',
        group: 'server',
        since: '2.8.13',
        summary: 'Return a human readable latency analysis report.',
        arity: 2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
        run: latencyDoctor,
      },
      {
        name: 'graph',
        group: 'server',
        since: '2.8.13',
        summary: 'Return a latency graph for the event.',
        arity: 3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
        run: latencyGraph,
      },
      {
        name: 'help',
        group: 'server',
        since: '2.8.13',
        summary: 'Show helpful text about the different subcommands.',
        arity: 2,
        flags: ['loading', 'stale'],
        run: latencyHelp,
      },
      {
        name: 'histogram',
        group: 'server',
        since: '7.0.0',
        summary: 'Return the cumulative distribution of latencies of a subset of commands or all.',
        arity: -2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
        run: latencyHistogram,
      },
      {
        name: 'history',
        group: 'server',
        since: '2.8.13',
        summary: 'Return timestamp-latency samples for the event.',
        arity: 3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
        run: latencyHistory,
      },
      {
        name: 'latest',
        group: 'server',
        since: '2.8.13',
        summary: 'Return the latest latency samples for all events.',
        arity: 2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
        run: latencyLatest,
      },
      {
        name: 'reset',
        group: 'server',
        since: '2.8.13',
        summary: 'Reset latency data for one or more events.',
        arity: -2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        run: latencyReset,
      },
    ],
    run: () => undefined,
  },
]

function latencyDoctor({ nowMs, reply, services }: CommandContext): void {
  const settings = {
    slowerThanUsec: services.slowLog.thresholdUsec,
    thresholdMs: services.latency.thresholdMs,
    hz: services.config.integer('hz'),
  }
  reply.verbatim(latencyReport(services.latency.events, settings, nowMs))
}

function latencyGraph({ argv, nowMs, reply, services }: CommandContext): void {
  const event = argv.latin1(2)
  const series = services.latency.events.get(event)
  if (series === undefined) reply.error(noLatencySamples(event))
  else reply.verbatim(drawLatency(event, series, nowMs))
}

function latencyHistory({ argv, reply, services }: CommandContext): void {
  const samples = services.latency.events.get(argv.latin1(2))?.samples ?? []
  reply.array(samples.length)
  for (const { second, ms } of samples) {
    reply.array(2)
    reply.integer(second)
    reply.integer(ms)
  }
}

function latencyLatest({ reply, services }: CommandContext): void {
  const { events } = services.latency
  reply.array(events.size)
  for (const [event, { samples, worstMs }] of events) {
    const last = samples.at(-1)
    reply.array(4)
    reply.text(event)
    reply.integer(last?.second ?? 0)
    reply.integer(last?.ms ?? 0)
    reply.integer(worstMs)
  }
}

function latencyReset({ argv, reply, services }: CommandContext): void {
  let count = argv.count === 2 ? services.latency.reset() : 0
  for (let index = 2; index < argv.count; index += 1) {
    count += services.latency.reset(argv.latin1(index))
  }
  reply.integer(count)
}

function latencyHistogram({ argv, reply, services }: CommandContext): void {
  const { commands } = services
  const asked: Command[] = argv.count === 2 ? [...commands.commands] : []
  for (let index = 2; index < argv.count; index += 1) {
    const command = commands.findByName(argv.latin1(index))
    if (command !== undefined) asked.push(command)
  }
  const called = asked
    .flatMap((command) => [command, ...command.subcommands])
    .filter((command) => command.hasHistogram)
  reply.map(called.length)
  for (const command of called) replyWithHistogram(reply, command)
}

function replyWithHistogram(reply: ReplyWriter, { fullName, histogram }: Command): void {
  const levels = histogram.cumulative()
  reply.text(fullName)
  reply.map(2)
  reply.text('calls')
  reply.integer(histogram.count)
  reply.text('histogram_usec')
  reply.map(levels.length)
  for (const [usec, calls] of levels) {
    reply.integer(usec)
    reply.integer(calls)
  }
}

function latencyHelp(context: CommandContext): void {
  replyWithHelp(context, 'LATENCY', [
    'DOCTOR',
    '    Return a human readable latency analysis report.',
    'GRAPH <event>',
    '    Return an ASCII latency graph for the <event> class.',
    'HISTORY <event>',
    '    Return time-latency samples for the <event> class.',
    'LATEST',
    '    Return the latest latency samples for all events.',
    'RESET [<event> ...]',
    '    Reset latency data of one or more <event> classes.',
    '    (default: reset all data for all event classes)',
    'HISTOGRAM [COMMAND ...]',
    '    Return a cumulative distribution of latencies in the format of a histogram for the specified command names.',
    '    If no commands are specified then all histograms are replied.',
  ])
}

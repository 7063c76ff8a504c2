import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { replyErrors } from '../protocol/reply-errors.ts'

const OPTIONS = ['NOSAVE', 'SAVE', 'NOW', 'FORCE', 'ABORT'] as const

export const shutdownCommands: readonly CommandSpec[] = [
  {
    name: 'shutdown',
    group: 'server',
    since: '1.0.0',
    summary: 'Synchronously save the dataset to disk and then shut down the server',
    arity: -1,
    flags: ['admin', 'noscript', 'loading', 'stale', 'no_multi', 'allow_busy'],
    run: shutdown,
  },
]

function shutdown(context: CommandContext): void {
  const { argv, client, reply, services } = context
  const given = new Set<(typeof OPTIONS)[number]>()
  for (let index = 1; index < argv.count; index += 1) {
    const option = OPTIONS.find((candidate) => argv.is(index, candidate))
    if (option === undefined) return reply.error(replyErrors.syntax)
    given.add(option)
  }
  const isContradiction = given.has('SAVE') && given.has('NOSAVE')
  if (isContradiction || (given.has('ABORT') && given.size > 1)) {
    return reply.error(replyErrors.syntax)
  }
  if (given.has('ABORT')) {
    if (services.shutdown.abort()) return reply.simple('OK')
    return reply.error(replyErrors.noShutdown)
  }
  // A gateway lives in this process, too: it is ended by who started it.
  if (!services.shutdown.isPossible) return reply.error(replyErrors.shutdownFailed)
  if (!given.has('NOW') && client.deniesBlocking) {
    return reply.error(replyErrors.shutdownDeniesBlocking)
  }
  const { busyError } = services.scripting
  if (!given.has('NOSAVE') && busyError !== undefined) return reply.error(busyError)
  services.shutdown.run(context, {
    saves: given.has('SAVE') ? 'yes' : given.has('NOSAVE') ? 'no' : 'asConfigured',
    isForced: given.has('FORCE'),
    isImmediate: given.has('NOW'),
  })
}

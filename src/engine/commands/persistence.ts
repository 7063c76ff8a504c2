import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import type { Outcome } from '../execution/persistence-service.ts'
import { persistenceErrors } from '../protocol/persistence-errors.ts'
import { replyErrors } from '../protocol/reply-errors.ts'

export const persistenceCommands: readonly CommandSpec[] = [
  {
    name: 'save',
    group: 'server',
    since: '1.0.0',
    summary: 'Synchronously save the dataset to disk',
    arity: 1,
    flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
    run: (context) => answer(context, context.services.persistence.save()),
  },
  {
    name: 'bgsave',
    group: 'server',
    since: '1.0.0',
    summary: 'Asynchronously save the dataset to disk',
    arity: -1,
    flags: ['admin', 'noscript', 'no_async_loading'],
    run: bgsave,
  },
  {
    name: 'bgrewriteaof',
    group: 'server',
    since: '1.0.0',
    summary: 'Asynchronously rewrite the append-only file',
    arity: 1,
    flags: ['admin', 'noscript', 'no_async_loading'],
    run: (context) =>
      answer(context, context.services.persistence.rewriteLog(isInTransaction(context))),
  },
  {
    name: 'lastsave',
    group: 'server',
    since: '1.0.0',
    summary: 'Get the UNIX time stamp of the last successful save to disk',
    arity: 1,
    flags: ['loading', 'stale', 'fast'],
    categories: ['admin', 'dangerous'],
    tips: ['nondeterministic_output'],
    run: ({ reply, services }) => reply.integer(services.persistence.lastSaveSeconds),
  },
]

function bgsave(context: CommandContext): void {
  const { argv, reply, services } = context
  const isScheduled = argv.count === 2 && argv.is(1, 'SCHEDULE')
  if (argv.count > 1 && !isScheduled) return reply.error(replyErrors.syntax)
  const { persistence } = services
  answer(
    context,
    persistence.saveInBackground({ isScheduled, isInTransaction: isInTransaction(context) }),
  )
}

/** Within a transaction nothing is begun that its other commands would change. */
function isInTransaction({ client }: CommandContext): boolean {
  return client.transaction !== undefined
}

function answer({ reply }: CommandContext, outcome: Outcome): void {
  if ('error' in outcome) reply.error(outcome.error)
  else reply.simple(outcome.status)
}

/** DEBUG RELOAD [MERGE] [NOFLUSH] [NOSAVE] */
export function debugReload(context: CommandContext): void {
  const { argv, reply, services } = context
  const options = { merges: false, keepsKeys: false, skipsSaving: false }
  for (let index = 2; index < argv.count; index += 1) {
    if (argv.is(index, 'MERGE')) options.merges = true
    else if (argv.is(index, 'NOFLUSH')) options.keepsKeys = true
    else if (argv.is(index, 'NOSAVE')) options.skipsSaving = true
    else return reply.error(persistenceErrors.reloadOptions)
  }
  answer(context, services.persistence.reload(options))
}

export function debugLoadAof(context: CommandContext): void {
  answer(context, context.services.persistence.reloadLog())
}

import { integerArgument } from '../execution/arguments.ts'
import { millisecondsToDeadline } from '../execution/block-timeout.ts'
import type { CommandContext } from '../execution/context.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import type { Primary } from './primary.ts'

/** WAIT: until so many replicas have all that this client has written (replication.c, waitCommand). */
export function wait(context: CommandContext, primary: Primary): void {
  const { argv, client, reply, services } = context
  const count = integerArgument(argv, 1)
  if (Number.isNaN(count)) return reply.error(replyErrors.notInteger)
  const deadlineMs = millisecondsToDeadline(context, 2)
  if (deadlineMs === undefined) return
  // A call that waits within the process is a client of its own, which has written nothing.
  const offset = client.isEmbedded ? services.propagation.streamOffset : client.streamOffset
  const acknowledged = primary.replicas.countAcknowledged(offset)
  if (acknowledged >= count || client.deniesBlocking) return reply.integer(acknowledged)
  const { acknowledgements } = primary
  services.blocking.waitFor(client, argv, {
    deadlineMs,
    timedOut: (late) => {
      acknowledgements.forget(client)
      late.integer(primary.replicas.countAcknowledged(offset))
    },
  })
  acknowledgements.add(client, {
    offset,
    count,
    answer: (found) => services.blocking.answer(client, (late) => late.integer(found)),
  })
  primary.requestAcknowledgements()
}

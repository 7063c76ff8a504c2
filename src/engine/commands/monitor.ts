import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { replyErrors } from '../protocol/reply-errors.ts'

export const monitorCommands: readonly CommandSpec[] = [
  {
    name: 'monitor',
    group: 'server',
    since: '1.0.0',
    summary: 'Listen for all requests received by the server in real time',
    arity: 1,
    flags: ['admin', 'noscript', 'loading', 'stale'],
    run: monitor,
  },
]

function monitor({ client, reply, services }: CommandContext): void {
  if (client.deniesBlocking) return reply.error(replyErrors.monitorDenied)
  // A monitor that asks again is told nothing.
  if (services.monitors.has(client)) return
  services.monitors.add(client)
  reply.simple('OK')
}

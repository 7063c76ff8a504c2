import type { CommandContext } from '../execution/context.ts'

/** The address of a client on this machine, with its port, or of a unix socket. */
const LOCAL = /^(?:::1|127\.0\.0\.1|::ffff:127\.0\.0\.1):\d+$|:0$/

/**
 * Whether what `enable-debug-command` and its like guard may be done: from outside it is only for those who can
 * edit the configuration, for it may stop or misplace the whole process.
 */
export function isAllowed({ client, services }: CommandContext, directive: string): boolean {
  if (client.isEmbedded) return true
  const allowed = services.config.value(directive)
  return allowed === 'yes' || (allowed === 'local' && LOCAL.test(client.address))
}

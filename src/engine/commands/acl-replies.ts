import type { AccessLogEntry, DescribedRules, DescribedUser } from '../execution/acl-service.ts'
import type { ReplyWriter } from '../protocol/reply-writer.ts'
import { replyLatin1 } from './reply-latin1.ts'

/** ACL GETUSER: the user's own rules stand beside its flags, those in parentheses below. */
export function replyWithUser(
  reply: ReplyWriter,
  { flags, passwords, rules }: DescribedUser,
): void {
  const [own, ...others] = rules
  reply.map(own === undefined ? 3 : 6)
  reply.text('flags')
  reply.set(flags.length)
  for (const flag of flags) reply.text(flag)
  reply.text('passwords')
  reply.array(passwords.length)
  for (const hash of passwords) reply.text(hash)
  if (own !== undefined) replyWithRules(reply, own)
  reply.text('selectors')
  reply.array(others.length)
  for (const each of others) {
    reply.map(3)
    replyWithRules(reply, each)
  }
}

function replyWithRules(reply: ReplyWriter, { commands, keys, channels }: DescribedRules): void {
  reply.text('commands')
  replyLatin1(reply, commands)
  reply.text('keys')
  replyLatin1(reply, keys)
  reply.text('channels')
  replyLatin1(reply, channels)
}

export function replyWithLog(
  reply: ReplyWriter,
  entries: readonly AccessLogEntry[],
  nowMs: number,
): void {
  reply.array(entries.length)
  for (const { count, reason, context, object, user, atMs, client } of entries) {
    reply.map(7)
    reply.text('count')
    reply.integer(count)
    reply.text('reason')
    reply.text(reason)
    reply.text('context')
    reply.text(context)
    reply.text('object')
    replyLatin1(reply, object)
    reply.text('username')
    replyLatin1(reply, user)
    reply.text('age-seconds')
    reply.double((nowMs - atMs) / 1_000)
    reply.text('client-info')
    replyLatin1(reply, client)
  }
}

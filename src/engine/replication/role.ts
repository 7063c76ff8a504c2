import type { ReplyWriter } from '../protocol/reply-writer.ts'
import type { Primary } from './primary.ts'
import type { ReplicaLink } from './replica-link.ts'
import type { ReplicationStream } from './replication-stream.ts'

/** What decides an engine's role: with a link it is a replica. */
interface RoleSources {
  readonly link: ReplicaLink | undefined
  readonly primary: Primary
  readonly stream: ReplicationStream
}

/** ROLE (replication.c, roleCommand). */
export function replyWithRole(reply: ReplyWriter, { link, primary, stream }: RoleSources): void {
  if (link !== undefined) {
    const { host, port } = link.address
    reply.array(5)
    reply.text('slave')
    reply.text(host)
    reply.integer(port)
    reply.text(link.state)
    reply.integer(link.state === 'connected' ? stream.offset : -1)
    return
  }
  reply.array(3)
  reply.text('master')
  reply.integer(stream.offset)
  const online = [...primary.replicas].filter(({ state }) => state === 'online')
  reply.array(online.length)
  for (const { host, settings, acknowledgedOffset } of online) {
    reply.array(3)
    reply.text(host)
    reply.text(String(settings.port))
    reply.text(String(acknowledgedOffset))
  }
}

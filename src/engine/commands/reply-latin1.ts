import type { ReplyWriter } from '../protocol/reply-writer.ts'

/** A bulk string of one byte per character: names and patterns that are kept as such text. */
export function replyLatin1(reply: ReplyWriter, text: string): void {
  const bytes = Buffer.from(text, 'latin1')
  reply.bulk(bytes, 0, bytes.length)
}

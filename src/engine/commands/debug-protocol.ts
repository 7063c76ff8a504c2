import type { CommandContext } from '../execution/context.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import type { ReplyWriter } from '../protocol/reply-writer.ts'

/** DEBUG PROTOCOL: a reply of each type, for the authors of clients. */
const REPLIES: ReadonlyMap<string, (reply: ReplyWriter) => void> = new Map([
  ['string', (reply) => reply.text('Hello World')],
  ['integer', (reply) => reply.integer(12_345)],
  ['double', (reply) => reply.double(3.141)],
  ['bignum', (reply) => reply.bigNumber('1234567999999999999999999999999999999')],
  ['null', (reply) => reply.null()],
  ['array', (reply) => countTo3(reply, 'array')],
  ['set', (reply) => countTo3(reply, 'set')],
  ['map', replyWithMap],
  ['attrib', replyWithAttribute],
  ['push', replyWithPush],
  ['true', (reply) => reply.boolean(true)],
  ['false', (reply) => reply.boolean(false)],
  ['verbatim', (reply) => reply.verbatim('This is a verbatim\nstring')],
])

export function debugProtocol({ argv, reply }: CommandContext): void {
  const write = REPLIES.get(argv.latin1(2).toLowerCase())
  if (write === undefined) reply.error(replyErrors.debugProtocol)
  else write(reply)
}

function countTo3(reply: ReplyWriter, type: 'array' | 'set'): void {
  if (type === 'set') reply.set(3)
  else reply.array(3)
  for (let value = 0; value < 3; value += 1) reply.integer(value)
}

function replyWithMap(reply: ReplyWriter): void {
  reply.map(3)
  for (let key = 0; key < 3; key += 1) {
    reply.integer(key)
    reply.boolean(key === 1)
  }
}

function replyWithAttribute(reply: ReplyWriter): void {
  if (reply.protocol === 3) {
    reply.attribute(1)
    reply.text('key-popularity')
    reply.array(2)
    reply.text('key:123')
    reply.integer(90)
  }
  reply.text('Some real reply following the attribute')
}

/** A push is no answer: one comes after it. */
function replyWithPush(reply: ReplyWriter): void {
  if (reply.protocol === 2) return reply.error(replyErrors.resp2Unsupported)
  reply.push(2)
  reply.text('server-cpu-usage')
  reply.integer(42)
  reply.text('Some real reply following the push reply')
}

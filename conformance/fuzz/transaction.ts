import { OPEN_KEYS } from './arguments.ts'
import type { Choice } from './choice.ts'
import type { CommandStream } from './command-stream.ts'
import { comparable, nameOf } from './compare.ts'
import { type Findings, keysOf } from './findings.ts'
import type { Words } from './grammar/production.ts'
import type { Pair } from './pair.ts'
import { type Reply, showReply } from './reply.ts'
import { isOpen } from './trial.ts'

const COMMANDS_MAX = 4
/** Waits, or leaves the transaction. */
const UNFIT = /^(B[LRZ]|XREAD|WAIT|RESET)/

export interface TransactionOptions {
  readonly pair: Pair
  /** Of another client, who may touch what is watched. */
  readonly others: Pair
  readonly choice: Choice
  readonly stream: CommandStream
  readonly findings: Findings
  readonly index: number
}

/** MULTI with a few commands, and EXEC or DISCARD; now and then somebody else writes a watched key. */
export async function tryTransaction(options: TransactionOptions): Promise<void> {
  const { pair, others, choice, stream, findings, index } = options
  const commands = Array.from({ length: 1 + choice.int(COMMANDS_MAX) }, () => stream.next()).filter(
    (words) => !UNFIT.test(nameOf(words)) && !isOpen(nameOf(words)),
  )
  if (choice.chance(0.3)) {
    const key = choice.pick(OPEN_KEYS)
    await pair.call('WATCH', key)
    if (choice.chance(0.4)) await others.call('APPEND', key, 'x')
  }
  await pair.call('MULTI')
  for (const words of commands) {
    const replies = await pair.call(...words)
    const [theirs, ours] = [showReply(replies.theirs), showReply(replies.ours)]
    if (theirs !== ours) findings.add({ index, kind: 'queue', words, theirs, ours })
    findings.remember(words)
  }
  const end = choice.chance(0.1) ? 'DISCARD' : 'EXEC'
  const replies = await pair.call(end)
  const theirs = showEach(replies.theirs, commands)
  const ours = showEach(replies.ours, commands)
  if (theirs === ours) return
  const words = [end, ...commands.map((command) => command.join(' '))]
  findings.add({ index, kind: 'exec', words, theirs, ours })
  for (const key of commands.flatMap(keysOf)) await pair.call('DEL', key)
}

function showEach(reply: Reply, commands: readonly Words[]): string {
  if (!('items' in reply)) return showReply(reply)
  return reply.items.map((item, at) => comparable(commands[at] ?? [], item)).join(' | ')
}

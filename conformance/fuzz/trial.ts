import { comparable, isSame, nameOf, roundDoubles, shapeOf, sorted } from './compare.ts'
import type { Words } from './grammar/production.ts'
import type { Pair, Replies } from './pair.ts'
import { itemsOf, type Reply, showReply, textOf } from './reply.ts'
import type { RespClient } from './resp-client.ts'

/** What either said to one command; `undefined` when it is the same. */
export type Difference = { readonly theirs: string; readonly ours: string } | undefined

const SCANS = new Set(['SCAN', 'HSCAN', 'SSCAN', 'ZSCAN'])
/** By which command each random element is looked for on the other side. */
const LOOKUPS: ReadonlyMap<string, string> = new Map([
  ['SRANDMEMBER', 'SISMEMBER'],
  ['HRANDFIELD', 'HEXISTS'],
  ['ZRANDMEMBER', 'ZSCORE'],
  ['RANDOMKEY', 'EXISTS'],
])
const SCAN_CALLS_MAX = 1_000
const LOOKUPS_MAX = 5

/** Whether the reply of a command by this name depends on chance, the clock or a cursor. */
export function isOpen(name: string): boolean {
  return (
    SCANS.has(name) || LOOKUPS.has(name) || name === 'SPOP' || /^P?(TTL|EXPIRETIME)$/.test(name)
  )
}

/** Sends a command to both and compares as far as the reply is determined. */
export async function tryCommand(pair: Pair, words: Words): Promise<Difference> {
  const name = nameOf(words)
  const cursorAt = name === 'SCAN' ? 1 : 2
  if (SCANS.has(name) && words[cursorAt] === '0') return tryScan(pair, words, cursorAt)
  if (name === 'SPOP') return trySpop(pair, words)
  const replies = await pair.call(...words)
  if (LOOKUPS.has(name)) return tryRandom(pair, words, replies)
  if (isSame(words, replies.theirs, replies.ours)) return undefined
  return {
    theirs: comparable(words, replies.theirs),
    ours: comparable(words, replies.ours),
  }
}

function unlessSame(theirs: string, ours: string): Difference {
  return theirs === ours ? undefined : { theirs, ours }
}

/** Cursors differ: both are walked to the end, and what they gave is compared as a set. */
async function tryScan(pair: Pair, words: Words, cursorAt: number): Promise<Difference> {
  const [theirs, ours] = await Promise.all([
    walk(pair.theirs, words, cursorAt),
    walk(pair.ours, words, cursorAt),
  ])
  return unlessSame(theirs, ours)
}

async function walk(client: RespClient, words: Words, cursorAt: number): Promise<string> {
  const isPaired = cursorAt === 2 && nameOf(words) !== 'SSCAN'
  const found = new Set<string>()
  let cursor = '0'
  for (let call = 0; call < SCAN_CALLS_MAX; call += 1) {
    const reply = await client.call(words.with(cursorAt, cursor))
    const [next, page] = itemsOf(reply)
    if (next === undefined || page === undefined) return showReply(reply)
    const shown = itemsOf(page).map(showReply)
    for (let index = 0; index < shown.length; index += isPaired ? 2 : 1) {
      found.add(roundDoubles(shown.slice(index, index + (isPaired ? 2 : 1)).join('=')))
    }
    cursor = textOf(next)
    if (cursor === '0') return sorted(found)
  }
  return `no end after ${SCAN_CALLS_MAX} calls`
}

/** What the one took by chance is taken from the other's set as it was before. */
async function trySpop(pair: Pair, words: Words): Promise<Difference> {
  const key = words[1] ?? ''
  const before = await pair.ours.call(['SMEMBERS', key])
  const theirs = await pair.theirs.call(words)
  const ours = await pair.ours.call(words)
  const members = itemsOf(before).map(textOf)
  if (members.length > 0) await pair.ours.call(['SADD', key, ...members])
  const taken = theirs.type === 'bulk' ? [theirs.text] : itemsOf(theirs).map(textOf)
  if (taken.length > 0) await pair.ours.call(['SREM', key, ...taken])
  return unlessSame(shapeOf(theirs), shapeOf(ours))
}

/** As many as the other gave, and each is there on the other side. */
async function tryRandom(pair: Pair, words: Words, replies: Replies): Promise<Difference> {
  const { theirs, ours } = replies
  const shapes = unlessSame(shapeOf(theirs), shapeOf(ours))
  if (shapes !== undefined || words.length > 3) return shapes
  const elements = ours.type === 'bulk' ? [ours] : itemsOf(ours)
  for (const element of elements.slice(0, LOOKUPS_MAX)) {
    if (!(await isThere(pair.theirs, words, element))) {
      return { theirs: 'has no such element', ours: showReply(element) }
    }
  }
  return undefined
}

async function isThere(client: RespClient, words: Words, element: Reply): Promise<boolean> {
  const lookup = LOOKUPS.get(nameOf(words)) ?? ''
  const key = lookup === 'EXISTS' ? [] : [words[1] ?? '']
  const reply = await client.call([lookup, ...key, textOf(element)])
  return reply.type === 'integer' ? reply.value === 1n : reply.type !== 'nil'
}

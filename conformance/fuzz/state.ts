import { STATE_KEYS } from './arguments.ts'
import { pairsOf, roundDoubles, sorted } from './compare.ts'
import type { Pair } from './pair.ts'
import { itemsOf, showReply, textOf } from './reply.ts'
import type { RespClient } from './resp-client.ts'

/** The two read their clocks at different moments. */
const TTL_TOLERANCE_MS = 4_000

export interface StateDifference {
  readonly key: string
  readonly theirs: string
  readonly ours: string
}

/** Every key whose type, value or time to live is not the same on both. */
export async function compareStates(pair: Pair): Promise<readonly StateDifference[]> {
  const differences: StateDifference[] = []
  for (const key of STATE_KEYS) {
    const [theirs, ours] = await Promise.all([stateOf(pair.theirs, key), stateOf(pair.ours, key)])
    const hasSameTtl =
      theirs.ttlMs > 0
        ? Math.abs(theirs.ttlMs - ours.ttlMs) <= TTL_TOLERANCE_MS
        : theirs.ttlMs === ours.ttlMs
    if (roundDoubles(theirs.value) === roundDoubles(ours.value) && hasSameTtl) continue
    differences.push({ key, theirs: show(theirs), ours: show(ours) })
  }
  return differences
}

interface KeyState {
  readonly value: string
  readonly ttlMs: number
}

function show({ value, ttlMs }: KeyState): string {
  return `${value} ttl=${ttlMs}`
}

async function stateOf(client: RespClient, key: string): Promise<KeyState> {
  const type = textOf(await client.call(['TYPE', key]))
  const value = await valueOf(client, key, type)
  const ttlMs = Number(textOf(await client.call(['PTTL', key])))
  return { value: `${type} ${value}`, ttlMs }
}

async function valueOf(client: RespClient, key: string, type: string): Promise<string> {
  switch (type) {
    case 'string':
      return showReply(await client.call(['GET', key]))
    case 'list':
      return showReply(await client.call(['LRANGE', key, '0', '-1']))
    case 'set':
      return sorted(itemsOf(await client.call(['SMEMBERS', key])).map(showReply))
    case 'hash':
      return sorted(pairsOf(await client.call(['HGETALL', key])))
    case 'zset':
      return showReply(await client.call(['ZRANGE', key, '0', '-1', 'WITHSCORES']))
    case 'stream': {
      const entries = showReply(await client.call(['XRANGE', key, '-', '+']))
      return entries + showReply(await client.call(['XINFO', 'GROUPS', key]))
    }
    default:
      return ''
  }
}

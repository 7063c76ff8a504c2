import type { RawRespClient } from '../../support/raw-resp-client.ts'

/** More than can be acknowledged in the time that counts. */
const REMEMBERED_MAX = 100_000

/** What a writer's keys have to hold at least. */
interface Acknowledged {
  readonly count: number
  readonly atMs: number
}

/**
 * Writes to keys of its own, each time all of them: a string, a list, a hash, a sorted set, and two counters in a
 * transaction. Remembers what was acknowledged, and when.
 */
export class MixedWriter {
  readonly #name: string
  /** Of each kind of write, in the order they came. */
  readonly #acknowledged: Acknowledged[] = []
  #count = 0

  constructor(name: string) {
    this.#name = name
  }

  get acknowledgedCount(): number {
    return this.#acknowledged.at(-1)?.count ?? 0
  }

  /** Writes until the server is gone, or refuses; gives what it said last. */
  async write(client: RawRespClient): Promise<string> {
    for (;;) {
      const count = this.#count + 1
      const reply = await client.sendBytes(this.#commands(count))
      if (!reply.endsWith(`:${count}\r\n:${count}\r\n`) || reply.includes('-')) return reply
      this.#count = count
      this.#acknowledged.push({ count, atMs: Date.now() })
      if (this.#acknowledged.length > REMEMBERED_MAX) this.#acknowledged.shift()
    }
  }

  /**
   * What is not as it has to be after a restart: everything acknowledged until `atMs`, all kinds of writes but the
   * last one alike, both counters of a transaction the same.
   */
  async findFaults(client: RawRespClient, atMs: number): Promise<readonly string[]> {
    const least = this.#acknowledged.findLast((each) => each.atMs <= atMs)?.count ?? 0
    const key = (kind: string): string => `${kind}:${this.#name}`
    const number = async (...argv: string[]): Promise<number> => {
      const reply = await client.send(...argv)
      return Number(/^(?::|\$\d+\r\n)(\d+)/.exec(reply)?.[1] ?? 0)
    }
    const found = {
      string: await number('GET', key('string')),
      list: await number('LLEN', key('list')),
      hash: await number('HLEN', key('hash')),
      sortedSet: await number('ZCARD', key('zset')),
      first: await number('GET', key('first')),
      second: await number('GET', key('second')),
      last: await number('LINDEX', key('list'), '-1'),
    }
    const faults = Object.entries(found)
      .filter(([, count]) => count < least)
      .map(([kind, count]) => `${key(kind)}: ${count} of ${least} acknowledged`)
    if (found.first !== found.second) faults.push(`half a transaction: ${JSON.stringify(found)}`)
    if (found.last !== found.list) faults.push(`a gap in the list: ${JSON.stringify(found)}`)
    return faults
  }

  /** Nothing is there of a writer of the same name, whose last writes may have been kept in part. */
  async begin(client: RawRespClient): Promise<void> {
    const kinds = ['string', 'list', 'hash', 'zset', 'first', 'second']
    await client.send('DEL', ...kinds.map((kind) => `${kind}:${this.#name}`))
  }

  #commands(count: number): string {
    const name = this.#name
    return [
      `SET string:${name} ${count}`,
      `RPUSH list:${name} ${count}`,
      `HSET hash:${name} field${count} ${count}`,
      `ZADD zset:${name} ${count} member${count}`,
      'MULTI',
      `INCR first:${name}`,
      `INCR second:${name}`,
      'EXEC',
    ]
      .map((line) => `${line}\r\n`)
      .join('')
  }
}

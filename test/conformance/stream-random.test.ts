import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Random, seededRandom } from '../../src/shared/random.ts'
import { type BothServers, startBothServers } from '../support/both-servers.ts'
import { RawRespClient } from '../support/raw-resp-client.ts'
import { findTool, requireToolInCi } from '../support/tools.ts'

requireToolInCi('redis-server')
const hasRedis = findTool('redis-server') !== undefined

const COMMANDS = 1_500
const LOOK_EVERY = 100

/** Instants and spans of time differ between two servers. */
const withoutTime = (line: string, reply: string): string => {
  const masked = reply
    .replace(/:\d{13}\r\n/g, ':now\r\n')
    .replace(/(\$4\r\nidle\r\n):\d+/g, '$1:idle')
  return line.startsWith('XPENDING') ? masked.replace(/\r\n:\d+\r\n(:\d+\r\n)/g, '\r\n$1') : masked
}

/** Makes commands on two streams with two groups and three consumers: ids that are there, nearly there, or not. */
class CommandMaker {
  readonly #random: Random
  #last = 1

  constructor(random: Random) {
    this.#random = random
  }

  next(): string {
    const key = this.#pick('s', 't')
    const group = this.#pick('g', 'h')
    const consumer = this.#pick('al', 'bo', 'cy')
    const target = `${key} ${group} ${consumer}`
    return this.#pick(
      () => this.#add(key),
      () => this.#add(key),
      () => this.#add(key),
      () => `XDEL ${key} ${this.#id()} ${this.#id()}`,
      () => `XTRIM ${key} ${this.#trim()}`,
      () => `XRANGE ${key} ${this.#edge('-')} ${this.#edge('+')} COUNT ${this.#below(5)}`,
      () => `XREVRANGE ${key} ${this.#edge('+')} ${this.#edge('-')}`,
      () => `XREAD COUNT ${this.#below(4)} STREAMS s t ${this.#id()} ${this.#id()}`,
      () => `XSETID ${key} ${this.#id()}`,
      () => `XGROUP CREATE ${key} ${group} ${this.#pick('0', '$', this.#id())} MKSTREAM`,
      () => `XGROUP SETID ${key} ${group} ${this.#id()} ENTRIESREAD ${this.#below(30)}`,
      () => `XGROUP DELCONSUMER ${target}`,
      () => (this.#below(4) === 0 ? `XGROUP DESTROY ${key} ${group}` : `XINFO GROUPS ${key}`),
      () => this.#read(key, group, consumer),
      () => this.#read(key, group, consumer),
      () => this.#read(key, group, consumer),
      () => `XACK ${key} ${group} ${this.#id()} ${this.#id()} ${this.#id()}`,
      () => `XCLAIM ${target} 0 ${this.#id()} ${this.#id()} ${this.#pick('FORCE', 'JUSTID', '')}`,
      () => `XAUTOCLAIM ${target} 0 ${this.#id()} COUNT ${1 + this.#below(4)}`,
      () => `XPENDING ${key} ${group} - + ${this.#below(9)} ${this.#pick(consumer, '')}`,
      () => `XPENDING ${key} ${group}`,
      () => `XINFO STREAM ${key} FULL COUNT ${this.#below(5)}`,
      () => `XINFO CONSUMERS ${key} ${group}`,
      () => 'COPY s t REPLACE',
    )().trimEnd()
  }

  #add(key: string): string {
    this.#last += this.#below(3)
    const trim = this.#below(4) === 0 ? `${this.#trim()} ` : ''
    const fields = this.#pick('a 1 b 2', 'a 1 b 2', `a ${this.#below(99_999)} b x`, 'c d')
    return `XADD ${key} ${trim}${this.#last}-${this.#pick('*', '0', '7')} ${fields}`
  }

  #read(key: string, group: string, consumer: string): string {
    const noAck = this.#pick('', '', 'NOACK ')
    const id = this.#pick('>', '>', '0', this.#id())
    return `XREADGROUP GROUP ${group} ${consumer} COUNT ${this.#below(5)} ${noAck}STREAMS ${key} ${id}`
  }

  #trim(): string {
    const sign = this.#pick('~', '=')
    return this.#pick(`MAXLEN ${sign} ${this.#below(60)}`, `MINID ${sign} ${this.#id()}`)
  }

  #edge(whole: '-' | '+'): string {
    return this.#pick(whole, this.#id(), `(${this.#id()}`, `${this.#last - this.#below(40)}`)
  }

  #id(): string {
    return `${Math.max(0, this.#last + 2 - this.#below(60))}-${this.#pick(0, 0, 1, 7)}`
  }

  #below(limit: number): number {
    return this.#random.uint32() % limit
  }

  #pick<T>(...choices: readonly [T, ...T[]]): T {
    return choices[this.#below(choices.length)] ?? choices[0]
  }
}

describe.skipIf(!hasRedis)('streams of the engine and of redis-server 7.0.15', () => {
  let servers: BothServers

  beforeAll(async () => {
    servers = await startBothServers()
  })

  afterAll(async () => {
    await servers.stop()
  })

  it.each([1, 2, 3, 4])('answer alike to random commands, seed %i', async (seed) => {
    const sides = await Promise.all(servers.ports.map((side) => RawRespClient.connect(side)))
    const sent: string[] = []
    const both = async (line: string): Promise<void> => {
      sent.push(line)
      const [theirs, ours] = await Promise.all(sides.map((side) => side.send(...line.split(' '))))
      const said = sent.slice(-8).join('\n')
      expect(`${said}\n${withoutTime(line, ours ?? '')}`).toBe(
        `${said}\n${withoutTime(line, theirs ?? '')}`,
      )
    }
    await both('FLUSHALL')
    for (const side of sides) await side.send('HELLO', `${2 + (seed % 2)}`)
    await both(`CONFIG SET stream-node-max-entries ${1 + seed * 2}`)
    const maker = new CommandMaker(seededRandom(seed))
    for (let index = 0; index < COMMANDS; index += 1) {
      await both(maker.next())
      if (index % LOOK_EVERY === 0) await both('XINFO STREAM s FULL COUNT 0')
    }
    for (const side of sides) side.close()
  })
})

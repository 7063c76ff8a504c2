import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BothServers, startBothServers } from '../support/both-servers.ts'
import { Listener } from '../support/listener.ts'
import { findTool, requireToolInCi } from '../support/tools.ts'
import { SEVERAL_CLIENTS } from './several-clients.ts'

requireToolInCi('redis-server')
const hasRedis = findTool('redis-server') !== undefined

/** Long enough for what comes late to have come; what is equal sooner is waited for no longer. */
const SETTLE_MS = 4
const SETTLE_MS_MAX = 2_000
/** A command that waits says nothing: it must have arrived before the next one, of another client, does. */
const ARRIVAL_MS = 40

/** At the end of a line whose answer takes its time: the next line waits for it. */
const AWAITED = / \.\.\.$/

/** HELLO's id depends on who has connected before. */
const withoutIds = (text: string): string => text.replace(/(\$2\r\nid\r\n):\d+/g, '$1:*')

/** Every script runs on both servers, and after each line all that any of its clients has received is compared. */
describe.skipIf(!hasRedis)('several clients of the engine and of redis-server 7.0.15', () => {
  let servers: BothServers

  beforeAll(async () => {
    servers = await startBothServers()
  })

  afterAll(async () => {
    await servers.stop()
  })

  /** Sends one line to one server; gives whether what is to come of it for certain has come. */
  function send(clients: ReadonlyMap<string, Listener>, line: string): () => boolean {
    const [name = '', ...argv] = line.replace(AWAITED, '').split(' ')
    const client = clients.get(name)
    const before = client?.text
    client?.send(argv)
    return () => !AWAITED.test(line) || client?.text !== before
  }

  async function settle(isSettled: () => boolean): Promise<void> {
    const startedMs = performance.now()
    do await setTimeout(SETTLE_MS)
    while (!isSettled() && performance.now() - startedMs < SETTLE_MS_MAX)
  }

  // What both owe may come late on a busy machine, and mix with the next line's: only what differs each time counts.
  it.each(Object.entries(SEVERAL_CLIENTS))('%s', { retry: 2 }, async (_title, script) => {
    const names = new Set(script.map((line) => line.slice(0, line.indexOf(' '))))
    const sides = await Promise.all(
      servers.ports.map((port) => Listener.connectAll(port, ['0', ...names])),
    )
    const received = (): string[] =>
      sides.map((side) =>
        [...side].map(([name, { text }]) => `${name}: ${withoutIds(text)}`).join('\n'),
      )
    try {
      for (const line of ['0 FLUSHALL', '0 CONFIG SET notify-keyspace-events KEA', ...script]) {
        const [before] = received()
        const areAnswered = sides.map((side) => send(side, line))
        const isSettled = (): boolean =>
          areAnswered.every((isAnswered) => isAnswered()) && received()[0] === received()[1]
        await settle(isSettled)
        if (received()[0] === before) {
          await setTimeout(ARRIVAL_MS)
          await settle(isSettled)
        }
        const [theirs, ours] = received()
        expect(`after ${line}\n${ours}`).toBe(`after ${line}\n${theirs}`)
      }
    } finally {
      // One that still waits would take what is meant for the next try.
      for (const side of sides) for (const client of side.values()) client.close()
    }
  })
})

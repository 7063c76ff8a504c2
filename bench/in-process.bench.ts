import { Redis } from 'ioredis'
import { Engine } from '../src/engine/index.ts'
import { describeMachine } from './machine.ts'
import { median, show } from './medians.ts'
import { startServer } from './start-server.ts'

const ROUNDS = 5
const KEYS = 10_000
const IN_PROCESS_GETS = 2_000_000
const SOCKET_GETS = 200_000
const IN_FLIGHT = 50

/** GET of values of 100 bytes: from the engine in this process, and by ioredis from redis-server over loopback. */
export async function inProcessBench(): Promise<void> {
  const server = await startServer('redis-server', ['--save', ''])
  const redis = new Redis({ port: server.port })
  const client = new Engine().client()
  const names = Array.from({ length: KEYS }, (_, index) => `key:${index}`)
  const keys = names.map((name) => Buffer.from(name))
  const value = Buffer.alloc(100, 'v')
  for (const key of keys) client.set(key, value)
  await Promise.all(names.map((name) => redis.set(name, value)))
  const rates = {
    get: [] as number[],
    view: [] as number[],
    text: [] as number[],
    ioredis: [] as number[],
  }
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      rates.get.push(rateOf((index) => client.get(keys[index % KEYS] ?? value)))
      rates.view.push(rateOf((index) => client.view(keys[index % KEYS] ?? value)))
      rates.text.push(rateOf((index) => client.getText(keys[index % KEYS] ?? value)))
      rates.ioredis.push(await socketRate(redis, names))
    }
  } finally {
    redis.disconnect()
    await server.stop()
  }
  const [theirs] = [median(rates.ioredis)]
  process.stdout.write(
    `in-process: GET of 100 bytes per second, median of ${ROUNDS}\n  ${describeMachine()}\n`,
  )
  process.stdout.write(`  ioredis, ${IN_FLIGHT} in flight, redis-server: ${show(theirs, 0)}\n`)
  for (const [title, values] of [
    ['get (a copy)', rates.get],
    ['view (where it lies)', rates.view],
    ['getText (a string)', rates.text],
  ] as const) {
    const ours = median(values)
    process.stdout.write(`  engine, ${title}: ${show(ours, 0)}, ${show(ours / theirs, 1)} times\n`)
  }
}

function rateOf(get: (index: number) => unknown): number {
  const startedMs = performance.now()
  for (let index = 0; index < IN_PROCESS_GETS; index += 1) {
    if (get(index) === undefined) throw new Error('a key is missing')
  }
  return (IN_PROCESS_GETS * 1_000) / (performance.now() - startedMs)
}

async function socketRate(redis: Redis, names: readonly string[]): Promise<number> {
  let next = 0
  const startedMs = performance.now()
  const worker = async (): Promise<void> => {
    while (next < SOCKET_GETS) {
      next += 1
      await redis.getBuffer(names[next % KEYS] ?? '')
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return (SOCKET_GETS * 1_000) / (performance.now() - startedMs)
}

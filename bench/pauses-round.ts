import { Engine } from '../src/engine/index.ts'
import type { PausesRound } from './pauses.bench.ts'

const KEYS = 5_000_000
const EVICTIONS = 1_000_000
/** Before the clock starts: what the first commands pause for is their own code, and the process' start. */
const WARM_UP = 20_000
/** Commands between two looks at the clock: tens of microseconds. */
const BATCH = 64
/** Batches of one turn of the event loop, so that its timers run as in a server. */
const BATCHES_PER_TURN = 16

const engine = new Engine({ directives: { 'maxmemory-policy': 'allkeys-lru' } })
await engine.start()
const client = engine.client()
const value = Buffer.alloc(100, 'v')

await run(0, WARM_UP)
const load = await run(WARM_UP, KEYS - WARM_UP)
const usedBytes = Number(/used_memory:(\d+)/.exec(engine.info('memory'))?.[1])
client.call('CONFIG', 'SET', 'maxmemory', usedBytes)
const eviction = await run(KEYS, EVICTIONS)
const evictedKeys = Number(/evicted_keys:(\d+)/.exec(engine.info('stats'))?.[1])

const round: PausesRound = {
  loadPauseMs: load.longestPauseMs,
  loadsPerSecond: load.perSecond,
  evictionPauseMs: eviction.longestPauseMs,
  evictionsPerSecond: eviction.perSecond,
  evictedKeys,
}
process.stdout.write(JSON.stringify(round))
process.exit(0)

/**
 * Sets new keys in turns; a pause is the time between two looks at the clock, wherever it goes, but for what the
 * process had to wait for a processor.
 */
async function run(
  first: number,
  count: number,
): Promise<{ readonly longestPauseMs: number; readonly perSecond: number }> {
  const startedMs = performance.now()
  let lastMs = startedMs
  let lastCpu = process.cpuUsage()
  let longestPauseMs = 0
  for (let done = 0; done < count; ) {
    for (let batch = 0; batch < BATCHES_PER_TURN && done < count; batch += 1) {
      for (let index = 0; index < BATCH; index += 1) {
        client.set(String(first + done + index).padStart(10, '0'), value)
      }
      done += BATCH
      const nowMs = performance.now()
      const cpu = process.cpuUsage()
      const cpuMs = (cpu.user - lastCpu.user + cpu.system - lastCpu.system) / 1_000
      longestPauseMs = Math.max(longestPauseMs, Math.min(nowMs - lastMs, cpuMs))
      lastMs = nowMs
      lastCpu = cpu
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { longestPauseMs, perSecond: (count * 1_000) / (performance.now() - startedMs) }
}

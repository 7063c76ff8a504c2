import { PerformanceObserver } from 'node:perf_hooks'
import { Engine } from '../src/engine/index.ts'
import { systemClock } from '../src/shared/clock.ts'
import { silentLogger } from '../src/shared/logger.ts'
import { systemRandom } from '../src/shared/random.ts'
import type { EngineRound } from './engine.bench.ts'

const KEYS = 1_000_000
const OPERATIONS = 1_000_000
/** Commands between two looks at the clock: tens of microseconds. */
const BATCH = 64
const KEY_BYTES = 10
const ZERO = 0x30

const createEngine = () =>
  new Engine({ clock: systemClock, random: systemRandom, log: silentLogger })
const key = Buffer.alloc(KEY_BYTES)
const value = Buffer.alloc(100, 'v')

let longestGcMs = 0
const observer = new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) longestGcMs = Math.max(longestGcMs, entry.duration)
})
observer.observe({ entryTypes: ['gc'] })

warmUp()
await settle()
const engine = createEngine()
const client = engine.client()
const rssBefore = process.memoryUsage.rss()
longestGcMs = 0

const load = run(KEYS, (index) => client.set(nameKey(index), value))
await settle()
const rssBytes = process.memoryUsage.rss() - rssBefore
const usedBytes = Number(/used_memory:(\d+)/.exec(engine.info('memory'))?.[1])

const sets = run(OPERATIONS, (index) => client.set(nameKey(scattered(index)), value))
const gets = run(OPERATIONS, (index) => {
  if (client.get(nameKey(scattered(index))) === undefined) throw new Error('a key is missing')
})
const churn = run(OPERATIONS, (index) => {
  nameKey(scattered(index))
  if (index % 4 === 0) client.delete([key])
  else if (index % 4 === 1) client.set(key, value, { ttlMs: 3_600_000 })
  else client.set(key, value.subarray(0, (index * 31) % 100))
})
await settle()
const flush = run(1, () => client.call('FLUSHALL'))

const round: EngineRound = {
  rssBytesPerKey: rssBytes / KEYS,
  usedBytesPerKey: usedBytes / KEYS,
  loadsPerSecond: load.perSecond,
  setsPerSecond: sets.perSecond,
  getsPerSecond: gets.perSecond,
  longestGcMs,
  loadPauseMs: load.longestPauseMs,
  readPauseMs: gets.longestPauseMs,
  churnPauseMs: churn.longestPauseMs,
  flushMs: flush.longestPauseMs,
}
process.stdout.write(JSON.stringify(round))
process.exit(0)

/** Another engine, whose memory is gone before anything is measured. */
function warmUp(): void {
  const warmed = createEngine().client()
  run(50_000, (index) => warmed.set(nameKey(index), value))
  run(50_000, (index) => warmed.get(nameKey(index)))
}

/** Runs one command after the other, without a break, as one turn of the event loop would. */
function run(
  count: number,
  operate: (index: number) => unknown,
): { readonly perSecond: number; readonly longestPauseMs: number } {
  const startedMs = performance.now()
  let longestPauseMs = 0
  let lastMs = startedMs
  let lastCpu = process.cpuUsage()
  for (let index = 0; index < count; index += 1) {
    operate(index)
    if ((index + 1) % BATCH > 0 && index + 1 < count) continue
    const nowMs = performance.now()
    const cpu = process.cpuUsage()
    const cpuMs = (cpu.user - lastCpu.user + cpu.system - lastCpu.system) / 1_000
    // A process that had to wait for a processor took no longer for it: what it used is what counts.
    longestPauseMs = Math.max(longestPauseMs, Math.min(nowMs - lastMs, cpuMs))
    lastMs = nowMs
    lastCpu = cpu
  }
  return { perSecond: (count / (lastMs - startedMs)) * 1_000, longestPauseMs }
}

/** Ten digits. */
function nameKey(index: number): Buffer {
  let rest = index
  for (let at = KEY_BYTES - 1; at >= 0; at -= 1) {
    const next = Math.floor(rest / 10)
    key[at] = ZERO + (rest - next * 10)
    rest = next
  }
  return key
}

/** Each key once, in an order that no cache of the processor foresees. */
function scattered(index: number): number {
  return (index * 7_919) % KEYS
}

/** Collects all garbage, which does not count: nobody asks for that while serving. */
async function settle(): Promise<void> {
  // Entries arrive some turns after the collection.
  await new Promise((resolve) => setTimeout(resolve, 50))
  const longestUnaskedMs = longestGcMs
  global.gc?.()
  await new Promise((resolve) => setTimeout(resolve, 50))
  longestGcMs = longestUnaskedMs
}

import { PerformanceObserver } from 'node:perf_hooks'
import { Engine } from '../src/engine/index.ts'
import { systemClock } from '../src/shared/clock.ts'
import { silentLogger } from '../src/shared/logger.ts'
import { systemRandom } from '../src/shared/random.ts'
import type { EngineRound } from './engine.bench.ts'

const KEYS = 1_000_000
const READS = 500_000

const engine = new Engine({ clock: systemClock, random: systemRandom, log: silentLogger })
const client = engine.client()
const key = Buffer.alloc(10)
const value = Buffer.alloc(100, 'v')
const nameKey = (index: number) => key.write(String(index).padStart(10, 'k'), 'latin1')

let longestGcMs = 0
const observer = new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) longestGcMs = Math.max(longestGcMs, entry.duration)
})
observer.observe({ entryTypes: ['gc'] })

// Warm the code up before anything is measured.
for (let index = 0; index < 50_000; index += 1) {
  nameKey(index)
  client.set(key, value)
}
client.call('FLUSHALL')
global.gc?.()
const rssBefore = process.memoryUsage.rss()

let longestPauseMs = 0
const loadStarted = performance.now()
let last = loadStarted
for (let index = 0; index < KEYS; index += 1) {
  nameKey(index)
  client.set(key, value)
  if (index % 64 !== 0) continue
  const now = performance.now()
  longestPauseMs = Math.max(longestPauseMs, now - last)
  last = now
}
const loadMs = performance.now() - loadStarted
// Entries reach the observer some turns after the collection.
await new Promise((resolve) => setTimeout(resolve, 100))
const loadGcMs = longestGcMs
global.gc?.()
const rssBytes = process.memoryUsage.rss() - rssBefore

const readStarted = performance.now()
let found = 0
for (let index = 0; index < READS; index += 1) {
  nameKey((index * 7_919) % KEYS)
  if (client.get(key) !== undefined) found += 1
}
const readMs = performance.now() - readStarted
if (found !== READS) throw new Error(`${READS - found} keys were not found`)

const used = /used_memory:(\d+)/.exec(engine.info('memory'))
const round: EngineRound = {
  rssBytesPerKey: rssBytes / KEYS,
  usedBytesPerKey: Number(used?.[1]) / KEYS,
  setsPerSecond: (KEYS / loadMs) * 1_000,
  getsPerSecond: (READS / readMs) * 1_000,
  longestGcMs: loadGcMs,
  longestPauseMs,
}
process.stdout.write(JSON.stringify(round))
process.exit(0)

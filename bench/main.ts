import { durabilityBench } from './durability.bench.ts'
import { engineBench } from './engine.bench.ts'
import { gatewayBench } from './gateway.bench.ts'
import { inProcessBench } from './in-process.bench.ts'
import { memoryBench } from './memory.bench.ts'
import { pausesBench } from './pauses.bench.ts'
import { purgeBench } from './purge.bench.ts'
import { redisBenchmarkBench } from './redis-benchmark.bench.ts'

const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  durability: durabilityBench,
  engine: engineBench,
  gateway: gatewayBench,
  'in-process': inProcessBench,
  memory: memoryBench,
  pauses: pausesBench,
  purge: purgeBench,
  'redis-benchmark': redisBenchmarkBench,
}

const topics = process.argv.slice(2)
const unknown = topics.filter((topic) => BENCHES[topic] === undefined)
if (unknown.length > 0) {
  process.stderr.write(
    `no bench ${unknown.join(', ')}; there is: ${Object.keys(BENCHES).join(', ')}\n`,
  )
  process.exit(1)
}
for (const [topic, bench] of Object.entries(BENCHES)) {
  if (topics.length === 0 || topics.includes(topic)) await bench()
}

// The embedded engine, asked by an ordinary Redis client.
import { Redis } from 'ioredis'

const { REDIS = 'redis://127.0.0.1:6380' } = process.env
const redis = new Redis(REDIS, { lazyConnect: true, maxRetriesPerRequest: 0 })
await redis.connect()

console.log(`SET greeting: ${await redis.set('greeting', 'hello', 'EX', 60)}`)
console.log(`GET greeting: ${await redis.get('greeting')}`)
console.log(`INCR visits: ${await redis.incr('visits')}`)
console.log(`TTL greeting: ${await redis.ttl('greeting')}`)
redis.disconnect()

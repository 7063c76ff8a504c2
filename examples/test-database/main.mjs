// A Redis for tests: in this process, started in a millisecond, empty, gone with the process.

import { Engine } from 'gerbang/engine'
import { Redis } from 'ioredis'

const engine = new Engine({ directives: { databases: '4' } })
await engine.start()
const { port } = await engine.listen({ host: '127.0.0.1', port: 0 })

// The code under test talks to it as to any Redis ...
const redis = new Redis({ host: '127.0.0.1', port })
await redis
  .multi()
  .hset('user:1', { name: 'Ani', plan: 'pro' })
  .rpush('jobs', 'mail', 'bill')
  .exec()
await redis.set('session', 'abc', 'EX', 60)

// ... and the test looks without a connection, a promise or a turn of the event loop.
const client = engine.client()
console.log('session:', client.getText('session'))
console.log('TTL:', client.call('TTL', 'session'))
console.log('user:1:', client.call('HGET', 'user:1', 'plan').toString())
console.log('jobs:', client.call('LRANGE', 'jobs', 0, -1).join(' '))
console.log('wrong type:', client.call('INCR', 'user:1').message)

client.call('FLUSHALL') // between two tests
console.log('keys left:', client.call('DBSIZE'))

redis.disconnect()
await engine.stop()

import { Redis } from 'ioredis'
import { type RedisProcess, startRedis } from './start-redis.ts'

/** A redis-server that can be stopped where it is: it takes what it is sent, and says nothing. */
export class HangingRedis {
  readonly #redis: RedisProcess
  readonly #pid: number
  #hangs = false

  private constructor(redis: RedisProcess, pid: number) {
    this.#redis = redis
    this.#pid = pid
  }

  static async start(args: readonly string[]): Promise<HangingRedis> {
    const redis = await startRedis(args)
    const client = new Redis(redis.port)
    const [, pid] = /process_id:(\d+)/.exec(await client.info('server')) ?? []
    client.disconnect()
    return new HangingRedis(redis, Number(pid))
  }

  hang(): void {
    this.#hangs = true
    process.kill(this.#pid, 'SIGSTOP')
  }

  goOn(): void {
    if (this.#hangs) process.kill(this.#pid, 'SIGCONT')
    this.#hangs = false
  }

  async stop(): Promise<void> {
    this.goOn()
    await this.#redis.stop()
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort } from './free-port.ts'
import { eventually } from './wait-until.ts'

export interface Watched {
  readonly name: string
  readonly port: number
}

export interface SentinelOptions {
  readonly count: number
  readonly downAfterMs: number
  readonly failoverTimeoutMs: number
}

/** Debian's redis-sentinel, several of it, on loopback. */
export class Sentinels {
  readonly #folder = mkdtempSync(join(tmpdir(), 'gerbang-sentinel-'))
  readonly #options: SentinelOptions
  readonly #processes: ChildProcess[] = []
  readonly #clients: Redis[] = []

  constructor(options: SentinelOptions) {
    this.#options = options
  }

  async start(watched: readonly Watched[]): Promise<void> {
    const quorum = Math.floor(this.#options.count / 2) + 1
    for (let index = 0; index < this.#options.count; index += 1) {
      const port = await freePort()
      const file = join(this.#folder, `${index}.conf`)
      writeFileSync(file, this.#configuration(port, watched, quorum))
      this.#processes.push(spawn('redis-sentinel', [file], { stdio: 'ignore' }))
      this.#clients.push(new Redis({ port, retryStrategy: () => 50 }).on('error', () => undefined))
    }
    for (const client of this.#clients) {
      for (const { name } of watched) {
        await eventually(async () => {
          const replicas = await client.call('SENTINEL', 'REPLICAS', name)
          const quorumIs = String(await client.call('SENTINEL', 'CKQUORUM', name))
          return (
            Array.isArray(replicas) &&
            replicas.length > 0 &&
            quorumIs.startsWith(`OK ${this.#options.count} `)
          )
        })
      }
    }
  }

  /** By the first of them. */
  async primaryPort(name: string): Promise<number> {
    const [client] = this.#clients
    const address = await client?.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)
    return Array.isArray(address) ? Number(address[1]) : 0
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.disconnect()
    for (const child of this.#processes) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #configuration(port: number, watched: readonly Watched[], quorum: number): string {
    const { downAfterMs, failoverTimeoutMs } = this.#options
    return [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${this.#folder}`,
      ...watched.flatMap((one) => [
        `sentinel monitor ${one.name} 127.0.0.1 ${one.port} ${quorum}`,
        `sentinel down-after-milliseconds ${one.name} ${downAfterMs}`,
        `sentinel failover-timeout ${one.name} ${failoverTimeoutMs}`,
      ]),
      '',
    ].join('\n')
  }
}

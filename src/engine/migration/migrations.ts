import type { Socket } from 'node:net'
import type { CommandContext, EngineServices } from '../execution/context.ts'
import type { Executor } from '../execution/executor.ts'
import type { MigrationRequest, MigrationService } from '../execution/migration-service.ts'
import type { Turn, TurnTask } from '../execution/turn.ts'
import { deniesBlocking, migrationFailed } from '../protocol/reply-errors.ts'
import { Migration } from './migration.ts'
import { type TargetAddress, TargetPool } from './target-pool.ts'

export interface MigrationsOptions {
  readonly connect: (address: TargetAddress) => Socket
  readonly turn: Turn
  /** Joined later. */
  readonly services: () => EngineServices
  readonly executor: () => Executor
}

/** All MIGRATEs of one engine; each holds up the client that sent it, and nobody else. */
export class Migrations implements MigrationService, TurnTask {
  readonly #options: MigrationsOptions
  readonly #pool: TargetPool
  /** Answers that came while nothing may change: a pause, or a script that takes long. */
  #held: (() => void)[] = []
  #isTurnTask = false

  constructor(options: MigrationsOptions) {
    this.#options = options
    this.#pool = new TargetPool(options.connect)
  }

  get connectionCount(): number {
    return this.#pool.size
  }

  begin({ argv, client, reply }: CommandContext, request: MigrationRequest): void {
    if (client.deniesBlocking) return reply.error(deniesBlocking('migrate'))
    const services = this.#options.services()
    const waiter = services.blocking.waitFor(client, argv, {
      deadlineMs: 0,
      timedOut: (late) => late.error(migrationFailed('reading')),
    })
    const migration = new Migration({
      request,
      waiter,
      pool: this.#pool,
      services,
      run: (step) => this.#run(() => services.blocking.finish(waiter, step)),
    })
    migration.send()
  }

  /** Once a cycle. */
  advance(nowMs: number): void {
    this.#pool.closeUnused(nowMs)
  }

  /** What held answers back may be over. */
  resumeSoon(): void {
    if (this.#held.length === 0 || this.#isTurnTask) return
    this.#isTurnTask = true
    this.#options.turn.add(this)
  }

  atTurnEnd(): void {
    this.#isTurnTask = false
    const held = this.#held
    this.#held = []
    for (const step of held) this.#run(step)
  }

  stop(): void {
    this.#pool.closeAll()
  }

  #run(step: () => void): void {
    if (this.#options.services().keyspace.isFrozen) this.#held.push(step)
    else this.#options.executor().resume(step)
  }
}

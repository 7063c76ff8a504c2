import type { Waiter } from '../execution/blocking.ts'
import type { CommandContext, EngineServices } from '../execution/context.ts'
import type { MigrationRequest } from '../execution/migration-service.ts'
import { migrationFailed, replyErrors, targetError } from '../protocol/reply-errors.ts'
import { RestoreRequest, type SentKey } from './restore-request.ts'
import type { ExchangeResult, TargetConnection } from './target-connection.ts'
import type { TargetPool } from './target-pool.ts'

/** How often keys are sent that somebody writes to while they are on their way. */
const ROUNDS_MAX = 16

export interface MigrationOptions {
  readonly request: MigrationRequest
  /** The client's command. */
  readonly waiter: Waiter
  readonly pool: TargetPool
  readonly services: EngineServices
  /** Runs it as the client's command, once nothing stands in the way. False: there is no answer yet. */
  readonly run: (step: (context: CommandContext) => boolean) => void
}

/**
 * One MIGRATE. Others go on meanwhile, so what the target has confirmed goes here only if it still is what was sent;
 * what has changed is sent again, and what was deleted here is deleted there.
 */
export class Migration {
  readonly #options: MigrationOptions
  readonly #wasReplica: boolean
  /** Those that are to be sent. */
  #keys: readonly Buffer[]
  #sent: readonly SentKey[] = []
  #rounds = 0
  /** What was kept may have been closed by the target: that is worth another try. */
  #mayRetry = true
  /** The first that the target has told. */
  #error: string | undefined
  #heldBytes = 0

  constructor(options: MigrationOptions) {
    this.#options = options
    this.#keys = options.request.keys
    this.#wasReplica = options.services.replication.isReplica
  }

  send(): void {
    const { pool, request } = this.#options
    let connection: TargetConnection
    try {
      connection = pool.take(request)
    } catch (error) {
      // A port that is none, a certificate that cannot be read.
      this.#options.services.log.warn({ err: error, host: request.host }, 'MIGRATE cannot connect')
      // The client's command is still running.
      setImmediate(() => this.#fail('connecting'))
      return
    }
    this.#exchange(connection, (result, introductions) => {
      this.#hold(0)
      if (result.failure === undefined) this.#keep(connection, result.lines)
      this.#answered(result, introductions)
    })
  }

  #keep(connection: TargetConnection, lines: readonly string[]): void {
    const { pool, request, services } = this.#options
    if (lines.length > 0) {
      connection.selectedDatabase = lines.some(isError) ? -1 : request.databaseIndex
    }
    pool.giveBack(request, connection, services.clock.nowMs())
  }

  /** `introductions`: how many answers come before those about keys. */
  #exchange(
    connection: TargetConnection,
    done: (result: ExchangeResult, introductions: number) => void,
  ): void {
    const { request, services, waiter } = this.#options
    const restores = new RestoreRequest({
      database: services.keyspace.database(waiter.databaseIndex),
      values: services.values,
      // In a later round the target has what was sent in an earlier one.
      replaces: request.replaces || this.#rounds > 0,
      nowMs: services.keyspace.nowMs,
    })
    let introductions = 0
    if (request.credentials.length > 0) {
      restores.command('AUTH', ...request.credentials)
      introductions += 1
    }
    if (connection.selectedDatabase !== request.databaseIndex) {
      restores.command('SELECT', request.databaseIndex)
      introductions += 1
    }
    for (const key of this.#keys) {
      if (!restores.restore(key) && this.#rounds > 0) restores.remove(key)
    }
    const { bytes } = restores
    this.#sent = restores.keys
    if (this.#sent.length === 0) {
      // They expired before a second attempt.
      setImmediate(() => done({ lines: [], failure: undefined }, 0))
      return
    }
    this.#hold(bytes.length)
    connection.exchange({
      bytes,
      lineCount: introductions + this.#sent.length,
      timeoutMs: request.timeoutMs,
      done: (result) => done(result, introductions),
    })
  }

  #answered({ lines, failure }: ExchangeResult, introductions: number): void {
    const answers = lines.slice(introductions)
    const isUnanswered = answers.length === 0 && !lines.some(isError)
    const mayRetry = this.#mayRetry && failure !== undefined && failure.step !== 'connecting'
    if (mayRetry && !failure.isTimeout && isUnanswered) {
      this.#mayRetry = false
      this.#options.run(() => {
        this.send()
        return false
      })
      return
    }
    const refusal = lines.slice(0, introductions).find(isError)
    this.#error ??= refusal ?? answers.find(isError)
    const confirmed =
      refusal === undefined
        ? this.#sent.filter((_key, index) => answers[index]?.startsWith('-') === false)
        : []
    this.#options.run((context) => {
      const changed = this.#settle(context, confirmed)
      if (failure === undefined && changed.length > 0) return this.#sendAgain(context, changed)
      this.#answer(context, failure === undefined ? undefined : migrationFailed(failure.step))
      return true
    })
  }

  /** Takes away what has arrived, as one DEL; gives what is something else by now. */
  #settle(context: CommandContext, confirmed: readonly SentKey[]): readonly Buffer[] {
    const { request, services } = this.#options
    for (const argument of request.redacted) context.redact(argument)
    // Another server's data by now: it is not this one's to delete.
    if (services.replication.isReplica !== this.#wasReplica || request.copies) return []
    const changed: Buffer[] = []
    const moved: Buffer[] = []
    for (const sent of confirmed) {
      if (this.#isAsSent(context, sent)) moved.push(sent.key)
      else if (this.#isGoneAsTold(context, sent)) continue
      else changed.push(sent.key)
    }
    for (const key of moved) {
      context.database.delete(key, 0, key.length)
      context.modifiedKey(key, 0, key.length)
      context.notifyKey('generic', 'del', key, 0, key.length)
    }
    if (moved.length > 0) context.changedAs('DEL', ...moved)
    return changed
  }

  #isAsSent({ database }: CommandContext, { key, value }: SentKey): boolean {
    const record = database.peek(key, 0, key.length)
    if (record === 0 || value === undefined) return false
    if (database.expiresAtMs(record) !== value.expiresAtMs) return false
    const { bytes, length } = this.#options.services.values.dump(database, record)
    return Buffer.compare(bytes.subarray(0, length), value.payload) === 0
  }

  #isGoneAsTold({ database }: CommandContext, { key, value }: SentKey): boolean {
    return value === undefined && database.peek(key, 0, key.length) === 0
  }

  #sendAgain(context: CommandContext, changed: readonly Buffer[]): boolean {
    this.#rounds += 1
    if (this.#rounds >= ROUNDS_MAX) {
      this.#answer(context, replyErrors.migrationOvertaken)
      return true
    }
    this.#keys = changed
    this.send()
    return false
  }

  #answer({ reply }: CommandContext, failure: string | undefined): void {
    const error = this.#error === undefined ? failure : targetError(this.#error.slice(1))
    if (error === undefined) reply.simple('OK')
    else reply.error(error)
  }

  #fail(step: 'connecting'): void {
    this.#options.run((context) => {
      this.#answer(context, migrationFailed(step))
      return true
    })
  }

  /** What is on its way counts as memory in use. */
  #hold(bytes: number): void {
    const { memory } = this.#options.services.blocking
    memory.bytes += bytes - this.#heldBytes
    this.#heldBytes = bytes
  }
}

function isError(line: string): boolean {
  return line.startsWith('-')
}

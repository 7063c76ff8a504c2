import type { Clock } from '../../shared/clock.ts'
import type { LatencyMonitor } from '../introspection/latency-monitor.ts'
import { type SlowLog, slowCallArguments } from '../introspection/slow-log.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import type { Client } from './client.ts'
import type { Command } from './command.ts'

const REDACTED = '(redacted)'
/** From this threshold on, calls that are quick need not be timed one by one to find the slow one. */
const COARSE_THRESHOLD_USEC = 1_000

export interface CallTimerOptions {
  readonly clock: Clock
  readonly slowLog: SlowLog
  readonly latency: LatencyMonitor
  /** The instant of the turn. */
  readonly nowMs: () => number
}

/**
 * How long commands take. A look at the clock costs a tenth of a GET, so the end of one call is the beginning of
 * the next; and of a row of calls of one quick command (a pipeline, mostly) only the first is timed by itself,
 * the others together: each counts with their mean. Who asks for less than a millisecond (slow log, latency
 * monitor) has every call timed.
 */
export class CallTimer {
  /** latency-tracking: whether histograms are kept. */
  keepsHistograms = true
  /** Whether a row of quick calls may be timed together. */
  #joinsQuickCalls = true
  readonly #options: CallTimerOptions
  /** The end of the last call that was timed; NaN before the first of a turn. */
  #sinceMs = Number.NaN
  /** The command of the last call, and how many of it are not timed yet. */
  #last: Command | undefined
  #untimedCalls = 0
  /** Arguments of the running command that nobody shall read. */
  #redacted: number[] = []

  constructor(options: CallTimerOptions) {
    this.#options = options
  }

  /** After the thresholds have changed. */
  chooseAccuracy(): void {
    const { slowLog, latency } = this.#options
    const isSlowLogFine =
      slowLog.thresholdUsec >= 0 && slowLog.thresholdUsec < COARSE_THRESHOLD_USEC
    this.#joinsQuickCalls = !isSlowLogFine && latency.thresholdMs === 0
  }

  /** Keeps an argument of the running command out of the slow log and from monitors. */
  redact(argument: number): void {
    this.#redacted.push(argument)
  }

  isRedacted(argument: number): boolean {
    return this.#redacted.includes(argument)
  }

  /** Before a command that was not called by another. */
  begin(command: Command): void {
    if (this.#redacted.length > 0) this.#redacted = []
    if (command !== this.#last) {
      this.#endRow()
      this.#last = undefined
    }
    if (Number.isNaN(this.#sinceMs)) this.#sinceMs = this.#options.clock.monotonicMs()
  }

  /** After it. */
  end(command: Command, client: Client, argv: ArgumentVector): void {
    if (command === this.#last && command.isQuick && this.#joinsQuickCalls) {
      this.#untimedCalls += 1
      return
    }
    this.#endRow()
    this.#last = command
    const nowMs = this.#options.clock.monotonicMs()
    const spentMs = nowMs - this.#sinceMs
    this.#sinceMs = nowMs
    if (client.waiter === undefined) this.#count(command, spentMs, 1)
    else command.durationMs += spentMs
    this.#note(command, spentMs)
    if (client.waiter === undefined) this.#log(command, spentMs, { client, argv })
  }

  /** The instant from which a command within another is timed. */
  beginNested(): number {
    return this.#options.clock.monotonicMs()
  }

  endNested(command: Command, call: Call, sinceMs: number): void {
    const spentMs = this.#options.clock.monotonicMs() - sinceMs
    this.#count(command, spentMs, 1)
    this.#note(command, spentMs)
    this.#log(command, spentMs, call)
  }

  /** The answer of a command that waited: it is logged now, with its call long ago. */
  endWaiting(command: Command, call: Call, sinceMs: number): void {
    const spentMs = this.#options.clock.monotonicMs() - sinceMs
    const { latency, nowMs } = this.#options
    this.#count(command, spentMs, 1)
    latency.sample('command-unblocking', spentMs, nowMs())
    this.#log(command, spentMs, call)
  }

  /** Once per turn, after its commands. */
  endTurn(): void {
    this.#endRow()
    this.#last = undefined
    this.#sinceMs = Number.NaN
  }

  #endRow(): void {
    const calls = this.#untimedCalls
    if (calls === 0 || this.#last === undefined) return
    this.#untimedCalls = 0
    const nowMs = this.#options.clock.monotonicMs()
    const spentMs = nowMs - this.#sinceMs
    this.#sinceMs = nowMs
    this.#count(this.#last, spentMs, calls)
    if (this.#options.slowLog.wants(spentMs * 1_000)) this.#noteRow(this.#last, spentMs, calls)
  }

  #count(command: Command, spentMs: number, calls: number): void {
    command.durationMs += spentMs
    if (this.keepsHistograms) command.histogram.record((spentMs * 1_000_000) / calls, calls)
  }

  #note(command: Command, spentMs: number): void {
    const { latency, nowMs } = this.#options
    if (latency.thresholdMs === 0) return
    latency.sample(command.isFast ? 'fast-command' : 'command', spentMs, nowMs())
  }

  #log(command: Command, spentMs: number, { client, argv }: Call): void {
    const { slowLog, nowMs } = this.#options
    const usec = Math.floor(spentMs * 1_000)
    if (!slowLog.wants(usec) || command.skipsSlowLog) return slowLog.trim()
    slowLog.add({
      second: Math.floor(nowMs() / 1_000),
      usec,
      args: slowCallArguments(this.#shown(argv)),
      address: client.address,
      clientName: client.name,
    })
  }

  /** Something stopped the process amid quick calls: it is not known which of them was the slow one. */
  #noteRow(command: Command, spentMs: number, calls: number): void {
    const { slowLog, nowMs } = this.#options
    slowLog.add({
      second: Math.floor(nowMs() / 1_000),
      usec: Math.floor(spentMs * 1_000),
      args: [command.fullName, `... (${calls} calls in a row)`],
      address: '',
      clientName: '',
    })
  }

  #shown(argv: ArgumentVector) {
    return {
      count: argv.count,
      length: (index: number) => (this.isRedacted(index) ? REDACTED.length : argv.length(index)),
      text: (index: number, length: number) =>
        this.isRedacted(index) ? REDACTED : argv.latin1(index).slice(0, length),
    }
  }
}

/** Who called with which arguments. */
export interface Call {
  readonly client: Client
  readonly argv: ArgumentVector
}

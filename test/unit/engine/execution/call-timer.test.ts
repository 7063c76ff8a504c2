import { describe, expect, it } from 'vitest'
import { CallTimer } from '../../../../src/engine/execution/call-timer.ts'
import { Client } from '../../../../src/engine/execution/client.ts'
import { Command, type CommandFlag } from '../../../../src/engine/execution/command.ts'
import { LatencyMonitor } from '../../../../src/engine/introspection/latency-monitor.ts'
import { SlowLog } from '../../../../src/engine/introspection/slow-log.ts'
import { ArgumentVector } from '../../../../src/engine/protocol/argument-vector.ts'

function command(name: string, flags: readonly CommandFlag[]): Command {
  const base = { group: 'generic', since: '', summary: '', arity: -1 } as const
  return new Command({ ...base, name, flags, run: () => undefined })
}

/** A timer whose clock goes on only as the test says, and counts how often it is read. */
function world() {
  const slowLog = new SlowLog()
  const latency = new LatencyMonitor()
  let clockMs = 0
  let reads = 0
  const clock = {
    nowMs: () => 0,
    monotonicMs: () => {
      reads += 1
      return clockMs
    },
  }
  const timer = new CallTimer({ clock, slowLog, latency, nowMs: () => 5_000 })
  const client = new Client({
    id: 1,
    address: '1.2.3.4:5',
    nowMs: 0,
    isEmbedded: false,
  })
  const call = (called: Command, ms: number, ...args: readonly string[]): void => {
    const argv = new ArgumentVector()
    argv.load([called.fullName, ...args])
    timer.begin(called)
    clockMs += ms
    timer.end(called, client, argv)
  }
  return { call, timer, slowLog, latency, reads: () => reads }
}

describe('CallTimer', () => {
  it('times a row of quick calls together, after its first', () => {
    const { call, timer, reads } = world()
    const get = command('get', ['fast'])
    for (const ms of [4, 1, 2, 3]) call(get, ms)
    timer.endTurn()
    expect(reads()).toBe(3)
    expect(get.durationMs).toBe(10)
    expect(get.histogram.count).toBe(4)
    expect(get.histogram.percentileNs(50)).toBeLessThan(2_100_000)
  })

  it('times each call of a command that may take long', () => {
    const { call, timer, reads } = world()
    const keys = command('keys', [])
    for (const ms of [1, 2, 3]) call(keys, ms)
    timer.endTurn()
    expect(reads()).toBe(4)
    expect(keys.durationMs).toBe(6)
    expect(keys.histogram.percentileNs(100)).toBeGreaterThanOrEqual(3_000_000)
  })

  it('gives each command its own time when they alternate', () => {
    const { call, timer } = world()
    const [get, set] = [command('get', ['fast']), command('set', [])]
    for (let count = 0; count < 3; count += 1) {
      call(get, 1)
      call(set, 10)
    }
    timer.endTurn()
    expect([get.durationMs, set.durationMs]).toEqual([3, 30])
  })

  it('times every call while the slow log asks for less than a millisecond', () => {
    const { call, timer, slowLog } = world()
    const get = command('get', ['fast'])
    slowLog.thresholdUsec = 999
    timer.chooseAccuracy()
    for (const ms of [0.5, 0.999, 0.5]) call(get, ms, 'a')
    timer.endTurn()
    expect(slowLog.latest(10).map(({ usec, args }) => [usec, args])).toEqual([[999, ['get', 'a']]])
  })

  it('logs a call by itself with its arguments, and of a row that was stopped how long it was', () => {
    const { call, timer, slowLog } = world()
    const get = command('get', ['fast'])
    call(get, 10, 'a')
    call(get, 6, 'b')
    call(get, 6, 'c')
    timer.endTurn()
    expect(slowLog.latest(10).map(({ args }) => args)).toEqual([
      ['get', '... (2 calls in a row)'],
      ['get', 'a'],
    ])
  })

  it('keeps secrets, and commands that are one, out of the slow log', () => {
    const { call, timer, slowLog } = world()
    slowLog.thresholdUsec = 0
    const set = command('config', [])
    const argv = new ArgumentVector()
    argv.load(['config', 'requirepass', 'hunter2'])
    timer.begin(set)
    timer.redact(2)
    timer.end(set, new Client({ id: 1, address: '', nowMs: 0, isEmbedded: true }), argv)
    call(command('auth', ['skip_slowlog']), 1, 'hunter2')
    call(set, 1, 'a', 'b')
    expect(slowLog.latest(10).map(({ args }) => args)).toEqual([
      ['config', 'a', 'b'],
      ['config', 'requirepass', '(redacted)'],
    ])
  })

  it('tells the latency monitor which kind of command was slow', () => {
    const { call, timer, latency } = world()
    latency.thresholdMs = 5
    timer.chooseAccuracy()
    call(command('get', ['fast']), 5)
    call(command('keys', []), 7)
    expect([...latency.events].map(([event, { worstMs }]) => [event, worstMs])).toEqual([
      ['fast-command', 5],
      ['command', 7],
    ])
  })

  it('keeps no histogram when latency-tracking is off', () => {
    const { call, timer } = world()
    timer.keepsHistograms = false
    const get = command('get', ['fast'])
    call(get, 1)
    expect(get.hasHistogram).toBe(false)
    expect(get.durationMs).toBe(1)
  })
})

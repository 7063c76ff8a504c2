import { describe, expect, it } from 'vitest'
import { LatencyMonitor } from '../../../../src/engine/introspection/latency-monitor.ts'

function monitorFrom(thresholdMs: number): LatencyMonitor {
  const monitor = new LatencyMonitor()
  monitor.thresholdMs = thresholdMs
  return monitor
}

describe('LatencyMonitor', () => {
  it('notes what takes at least the threshold', () => {
    const monitor = monitorFrom(10)
    monitor.sample('command', 9.9, 1_000)
    expect(monitor.events.size).toBe(0)
    monitor.sample('command', 10, 1_000)
    expect(monitor.events.get('command')?.samples).toEqual([{ second: 1, ms: 10 }])
  })

  it('notes nothing at threshold 0', () => {
    const monitor = monitorFrom(0)
    monitor.sample('command', 10_000, 1_000)
    expect(monitor.events.size).toBe(0)
  })

  it('keeps the worst of a second', () => {
    const monitor = monitorFrom(1)
    for (const ms of [5, 9, 7]) monitor.sample('command', ms, 1_999)
    monitor.sample('command', 2, 2_000)
    expect(monitor.events.get('command')).toEqual({
      samples: [
        { second: 1, ms: 9 },
        { second: 2, ms: 2 },
      ],
      worstMs: 9,
    })
  })

  it('keeps 160 samples of an event', () => {
    const monitor = monitorFrom(1)
    for (let second = 1; second <= 161; second += 1) monitor.sample('fork', 1, second * 1_000)
    const samples = monitor.events.get('fork')?.samples
    expect(samples).toHaveLength(160)
    expect(samples?.[0]?.second).toBe(2)
  })

  it('forgets one event, or all', () => {
    const monitor = monitorFrom(1)
    for (const event of ['a', 'b', 'c']) monitor.sample(event, 1, 0)
    expect(monitor.reset('B')).toBe(1)
    expect(monitor.reset('b')).toBe(0)
    expect(monitor.reset()).toBe(2)
  })
})

import type { LatencySeries } from '../introspection/latency-monitor.ts'

/** What the advice depends on. */
export interface LatencySettings {
  readonly slowerThanUsec: number
  readonly thresholdMs: number
  readonly hz: number
}

const DISABLED =
  "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. You may use \"CONFIG SET latency-monitor-threshold <milliseconds>.\" in order to enable it. If we weren't in a deep space mission I'd suggest to take a look at https://redis.io/topics/latency-monitor.\n"
const NOTHING_SEEN =
  'Dave, no latency spike was observed during the lifetime of this Redis instance, not in the slightest bit. I honestly think you ought to sit down calmly, take a stress pill, and think things over.\n'
const SEEN =
  "Dave, I have observed latency spikes in this Redis instance. You don't mind talking about it, do you Dave?\n\n"
const NO_ADVICE =
  "\nWhile there are latency events logged, I'm not able to suggest any easy fix. Please use the Redis community to get some help, providing this report in your help request.\n"

/** LATENCY DOCTOR: each event in a sentence, then what could be done about them. */
export function latencyReport(
  events: ReadonlyMap<string, LatencySeries>,
  settings: LatencySettings,
  nowMs: number,
): string {
  if (events.size === 0) return settings.thresholdMs === 0 ? DISABLED : NOTHING_SEEN
  const lines = Array.from(events, ([event, series], index) => {
    return `${index + 1}. ${event}: ${describe(series, nowMs)}\n`
  })
  const advice = adviceFor(new Set(events.keys()), settings)
  const end =
    advice.length === 0
      ? NO_ADVICE
      : `\nI have a few advices for you:\n\n${advice.map((line) => `- ${line}\n`).join('')}`
  return `${SEEN}${lines.join('')}${end}`
}

function describe({ samples, worstMs }: LatencySeries, nowMs: number): string {
  const values = samples.map(({ ms }) => ms)
  const mean = Math.floor(sum(values) / values.length)
  const deviation = Math.floor(sum(values.map((ms) => Math.abs(mean - ms))) / values.length)
  const oldest = samples[0]?.second ?? 0
  const periodSeconds = Math.max(1, Math.floor(nowMs / 1_000) - oldest)
  const each = (periodSeconds / values.length).toFixed(2)
  return `${values.length} latency spikes (average ${mean}ms, mean deviation ${deviation}ms, period ${each} sec). Worst all time event ${worstMs}ms.`
}

/** In the engine's own words: what stops it is not what stops redis-server. */
function adviceFor(events: ReadonlySet<string>, settings: LatencySettings): string[] {
  const advice: string[] = []
  if (events.has('command')) {
    if (settings.slowerThanUsec < 0) {
      advice.push(
        `Slow commands are not logged. Log them with 'CONFIG SET slowlog-log-slower-than ${settings.thresholdMs * 1_000}'.`,
      )
    } else if (settings.slowerThanUsec / 1_000 > settings.thresholdMs) {
      advice.push(
        `The slow log knows only commands slower than the latency monitor's threshold. Log the others, too, with 'CONFIG SET slowlog-log-slower-than ${settings.thresholdMs * 1_000}'.`,
      )
    }
    advice.push('SLOWLOG GET tells which commands took long.')
  }
  if (events.has('fast-command')) {
    advice.push(
      'Commands that do next to nothing took long: the process did not get the processor, or V8 collected garbage. Lower the load of the machine, or look for a neighbour that is noisy.',
    )
  }
  if (events.has('expire-cycle') && settings.hz < 100) {
    advice.push(
      "Many keys expire at once. 'CONFIG SET hz 100' takes fewer of them away at a time, and more often.",
    )
  }
  if (events.has('eviction-cycle') || events.has('eviction-del')) {
    advice.push(
      'Eviction had much to do at once: a lowered maxmemory or large values that are stored take many keys away.',
    )
  }
  return advice
}

function sum(values: readonly number[]): number {
  return values.reduce((left, right) => left + right, 0)
}

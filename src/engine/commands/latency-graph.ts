import type { LatencySeries } from '../introspection/latency-monitor.ts'

const COLUMNS = 80
const ROWS = 4
/** From the lowest to the highest third of a row; what lies under a filled place. */
const STEPS = '_o#'
const FILLED = '|'

/** LATENCY GRAPH: a column per second with a spike, under it how long ago that was. */
export function drawLatency(event: string, series: LatencySeries, nowMs: number): string {
  const values = series.samples.map(({ ms }) => ms)
  const high = Math.max(0, ...values)
  const low = Math.min(...values, high)
  const labels = series.samples.map(({ second }) => ageOf(Math.floor(nowMs / 1_000) - second))
  const parts: string[] = []
  for (let start = 0; start < values.length; start += COLUMNS) {
    const end = start + COLUMNS
    parts.push(drawPart(values.slice(start, end), labels.slice(start, end), { low, high }))
  }
  const title = `${event} - high ${high} ms, low ${low} ms (all time high ${series.worstMs} ms)`
  return `${title}\n${'-'.repeat(COLUMNS)}\n${parts.join('\n')}`
}

interface Range {
  readonly low: number
  readonly high: number
}

function drawPart(values: readonly number[], labels: readonly string[], range: Range): string {
  const lines: string[] = []
  for (let row = 0; row < ROWS; row += 1) {
    lines.push(values.map((value) => characterAt(value, ROWS - row - 1, range)).join(''))
  }
  lines.push(' '.repeat(values.length))
  const depth = Math.max(...labels.map((label) => label.length))
  for (let at = 0; at < depth; at += 1) {
    lines.push(labels.map((label) => label.charAt(at) || ' ').join(''))
  }
  return lines.map((line) => `${line}\n`).join('')
}

function characterAt(value: number, rowsBelow: number, { low, high }: Range): string {
  const steps = STEPS.length * ROWS
  const step = Math.min(steps - 1, Math.floor(((value - low) * steps) / (high - low || 1)))
  const place = step - rowsBelow * STEPS.length
  if (place < 0) return ' '
  return place < STEPS.length ? STEPS.charAt(place) : FILLED
}

function ageOf(seconds: number): string {
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}

const MS_PER_UNIT = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/** `250ms`, `10s`, `1.5m`, `12h`, `7d` as whole milliseconds; `undefined` for anything else. Only 0 goes without a unit. */
export function parseDuration(text: string): number | undefined {
  const [, count = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? []
  if (text === '0') return 0
  const milliseconds = Number(count) * (MS_PER_UNIT.get(unit) ?? Number.NaN)
  return Number.isSafeInteger(milliseconds) ? milliseconds : undefined
}

/** In the largest unit that needs no fraction: the inverse of `parseDuration`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0'
  let text = `${milliseconds}ms`
  for (const [unit, msPerUnit] of MS_PER_UNIT) {
    if (milliseconds % msPerUnit === 0) text = `${milliseconds / msPerUnit}${unit}`
  }
  return text
}

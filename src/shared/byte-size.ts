/** As redis.conf reads them: `k` is a thousand, `kb` is 1024. */
const BYTES_PER_UNIT = new Map([
  ['', 1],
  ['b', 1],
  ['k', 1_000],
  ['kb', 1_024],
  ['m', 1_000_000],
  ['mb', 1_048_576],
  ['g', 1_000_000_000],
  ['gb', 1_073_741_824],
])

/** `256mb`, `64kb`, `1g`, `4096` as bytes, in either case; `undefined` for anything else. */
export function parseByteSize(text: string): number | undefined {
  const [, count = '', unit = ''] = /^(\d+)([kmg]?b?)$/.exec(text.toLowerCase()) ?? []
  if (count === '') return undefined
  const bytes = Number(count) * (BYTES_PER_UNIT.get(unit) ?? Number.NaN)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** In the largest of b, kb, mb and gb that needs no fraction: the inverse of `parseByteSize`. */
export function formatByteSize(bytes: number): string {
  if (bytes === 0) return '0'
  for (const unit of ['gb', 'mb', 'kb']) {
    const bytesPerUnit = BYTES_PER_UNIT.get(unit) ?? 1
    if (bytes % bytesPerUnit === 0) return `${bytes / bytesPerUnit}${unit}`
  }
  return `${bytes}`
}

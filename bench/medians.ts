/** The middle one of `values`, the higher of two. */
export function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1] ?? Number.NaN
}

export function show(value: number, digits: number): string {
  return value.toFixed(digits)
}

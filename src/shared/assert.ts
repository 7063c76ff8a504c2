/** A bug of ours, never a user's mistake or the world's failure. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}

/** `values[index]`, which the caller knows to exist. */
export function nth<T>(values: ArrayLike<T>, index: number): T {
  const value = values[index]
  if (value === undefined) throw new InvariantError(`index ${index} of ${values.length}`)
  return value
}

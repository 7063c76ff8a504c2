/** One name of redis.conf and CONFIG: how its value is read and told, and who may change it when. */
export interface Directive {
  readonly name: string
  /** Its other name, from before Redis 5 or 7: CONFIG takes and tells both. */
  readonly alias?: string
  readonly type: DirectiveType
  readonly defaultValue: string
  /** CONFIG SET refuses to change it. */
  readonly isImmutable?: boolean
  /** Changed only with enable-protected-configs. */
  readonly isProtected?: boolean
  /** A secret: shown in no log. */
  readonly isSensitive?: boolean
  /** Told only to those who ask for it by its whole name. */
  readonly isHidden?: boolean
  /** Absent from redis.conf and empty are the same. */
  readonly isAbsentWhenEmpty?: boolean
  /** CONFIG SET refuses while a data set is being loaded. */
  readonly isDeniedWhileLoading?: boolean
  /** Taken and told, for configurations that have it, and without any effect: why. */
  readonly unused?: string
}

/** The value as CONFIG GET tells it, or why it cannot be taken, in the words of config.c. */
export type ReadValue = { readonly value: string } | { readonly error: string }

export interface DirectiveType {
  /** For the documentation: what a value looks like. */
  readonly syntax: string
  /** Whether several words make one value. */
  readonly isMultiple: boolean
  /** Whether each line of redis.conf adds to the ones before it; CONFIG SET begins anew. */
  readonly isRepeated?: boolean
  /** Reads what stands behind the name; `current` is the value so far, for types that add to it. */
  readonly read: (words: readonly string[], current: string) => ReadValue
  /** What stands behind the name in redis.conf, a line each. */
  readonly lines: (value: string) => readonly string[]
}

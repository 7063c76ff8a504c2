/** Where a directive stands. */
export interface DirectivePlace {
  readonly file: string
  readonly line: number
  readonly text: string
}

/** One directive as it was given. */
export interface DirectiveLine {
  /** In small letters. */
  readonly name: string
  readonly words: readonly string[]
  /** Absent for what came from the command line or from a program. */
  readonly place?: DirectivePlace | undefined
}

/** A value that a directive does not take, or a name there is not. */
export class DirectiveError extends Error {
  override readonly name = 'DirectiveError'

  constructor(reason: string, place?: DirectivePlace, options?: ErrorOptions) {
    const where =
      place === undefined ? '' : `${place.file}, at line ${place.line}\n>>> '${place.text}'\n`
    super(`${where}${reason}`, options)
  }
}

/** One mistake in the configuration: where it was made, and what is allowed there. */
export interface Problem {
  /** `gerbang.yaml:7:9`, `GERBANG_PORT`, `--port`; `undefined` when something is missing everywhere. */
  readonly where: string | undefined
  /** The option: `server.port`. */
  readonly key: string | undefined
  readonly message: string
}

/** A configuration that must not start. Names every mistake, and no secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(['the configuration has mistakes:', ...problems.map(lineOf)].join('\n  '))
    this.problems = problems
  }
}

function lineOf({ where, key, message }: Problem): string {
  return [where, key, message].filter((part) => part !== undefined).join(': ')
}

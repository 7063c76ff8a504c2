type LogMethod = (fields: Readonly<Record<string, unknown>>, message: string) => void

/** What modules log to; a pino logger satisfies it. Secrets and bodies never go in `fields`. */
export interface Logger {
  readonly debug: LogMethod
  readonly info: LogMethod
  readonly warn: LogMethod
  readonly error: LogMethod
}

const ignore: LogMethod = () => undefined

export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }

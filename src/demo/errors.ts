/** The codes of Hasura's errors that this server can give. */
export type ErrorCode =
  | 'access-denied'
  | 'already-exists'
  | 'bad-request'
  | 'conflict'
  | 'constraint-error'
  | 'constraint-violation'
  | 'data-exception'
  | 'dependency-error'
  | 'invalid-headers'
  | 'invalid-json'
  | 'invalid-jwt'
  | 'jwt-invalid-claims'
  | 'jwt-missing-role-claims'
  | 'not-exists'
  | 'not-found'
  | 'not-supported'
  | 'parse-failed'
  | 'permission-error'
  | 'postgres-error'
  | 'start-failed'
  | 'unexpected'
  | 'unexpected-payload'
  | 'validation-failed'

export interface RequestErrorOptions extends ErrorOptions {
  /** The HTTP status, where it does not follow from the code. */
  readonly status?: number
  /** What Hasura tells an admin beyond the message. */
  readonly internal?: unknown
}

/** What Hasura answers instead of data. `path` is its JSON path into the request. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly code: ErrorCode
  readonly path: string
  /** What Hasura has inside; its GraphQL endpoint sends 200 whatever it is. */
  readonly status: number
  readonly #internal: unknown

  constructor(code: ErrorCode, message: string, path = '$', options: RequestErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.path = path
    this.status = options.status ?? (code === 'unexpected' ? 500 : 400)
    this.#internal = options.internal
  }

  /** As an answer to GraphQL. */
  toBody(): string {
    return `{"errors":[${this.toErrorText()}]}`
  }

  /** One entry of `errors`, as JSON. */
  toErrorText(): string {
    const { message, path, code } = this
    return JSON.stringify({ message, extensions: { path, code } })
  }

  /** As an answer of all other endpoints. */
  toPlainBody(): string {
    const { path, message: error, code } = this
    const internal = this.#internal
    return JSON.stringify(
      internal === undefined ? { path, error, code } : { internal, path, error, code },
    )
  }
}

export function validationError(message: string, path: string): RequestError {
  return new RequestError('validation-failed', message, path)
}

/**
 * An error of Postgres in Hasura's words (its `dmlTxErrorHandler`): what the request's data caused
 * is told to the client, everything else is an internal error without details.
 */
export function fromDatabaseError(error: unknown, path = '$'): RequestError {
  if (error instanceof RequestError) return error
  const { state, message } = postgresError(error)
  const tell = (code: ErrorCode, prefix = '') =>
    new RequestError(code, prefix + message, path, { cause: error })
  const violation = VIOLATIONS[state]
  if (violation !== undefined) return tell(...violation)
  if (state.startsWith('23')) return tell('constraint-violation')
  if (state === INVALID_ESCAPE_SEQUENCE) return tell('bad-request')
  if (state.startsWith('22')) return tell('data-exception')
  if (state === UNDEFINED_OBJECT) return tell('constraint-error')
  return new RequestError('unexpected', 'database query error', path, { cause: error })
}

const INVALID_ESCAPE_SEQUENCE = '22025'
const UNDEFINED_OBJECT = '42704'

const VIOLATIONS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  '23001': ['constraint-violation', 'Can not delete or update due to data being referred. '],
  '23502': ['constraint-violation', 'Not-NULL violation. '],
  '23503': ['constraint-violation', 'Foreign key violation. '],
  '23505': ['constraint-violation', 'Uniqueness violation. '],
  '23514': ['permission-error', 'Check constraint violation. '],
  '23P01': ['constraint-violation', 'Exclusion violation. '],
}

function postgresError(error: unknown): { state: string; message: string } {
  if (!(error instanceof Error) || !('code' in error)) return { state: '', message: '' }
  return { state: String(error.code), message: error.message }
}

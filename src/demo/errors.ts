/** The codes of Hasura's errors that this server can give. */
export type ErrorCode =
  | 'bad-request'
  | 'constraint-error'
  | 'constraint-violation'
  | 'data-exception'
  | 'not-found'
  | 'not-supported'
  | 'parse-failed'
  | 'permission-error'
  | 'unexpected'
  | 'unexpected-payload'
  | 'validation-failed'

/** What Hasura answers instead of data. `path` is its JSON path into the request. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly code: ErrorCode
  readonly path: string

  constructor(code: ErrorCode, message: string, path = '$', options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.path = path
  }

  get status(): number {
    return this.code === 'unexpected' ? 500 : 400
  }

  toBody(): string {
    const { message, path, code } = this
    return JSON.stringify({ errors: [{ message, extensions: { path, code } }] })
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

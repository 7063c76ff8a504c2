import { z } from 'zod'
import type { Backend } from '../backend.ts'
import type { ScriptResult } from '../database.ts'
import { RequestError } from '../errors.ts'
import { type ApiContext, parseApiRequest, parseWith, requireSource } from './api-request.ts'

const BULK_MAX = 1_000

/** PGlite would wait for the data for ever (0.5.16), and nothing else could run. */
const COPY_IN = /\bcopy\b[^;]*\bfrom\s+stdin\b/i

const runSqlArgs = z.object({
  sql: z.string(),
  source: z.string().default('default'),
  read_only: z.boolean().default(false),
})

/** What `/v2/query` of the demo can do. Rejects with a RequestError for what Hasura refuses. */
export async function runQueryCommand(context: ApiContext, body: unknown): Promise<unknown> {
  const { type, args } = parseApiRequest(body)
  if (type === 'run_sql' || type === 'pg_run_sql') return await runSql(context.backend, args)
  if (type === 'bulk') {
    const answers: unknown[] = []
    for (const one of parseWith(z.array(z.unknown()).max(BULK_MAX), args)) {
      answers.push(await runQueryCommand(context, one))
    }
    return answers
  }
  throw new RequestError('parse-failed', `unknown query type "${type}"`, '$.type')
}

async function runSql(backend: Backend, args: unknown): Promise<unknown> {
  const { sql, source, read_only: readOnly } = parseWith(runSqlArgs, args)
  requireSource(backend, source)
  if (COPY_IN.test(sql)) {
    throw new RequestError('not-supported', 'COPY FROM STDIN is not supported', '$.args')
  }
  return toAnswer(await execute(backend, sql, readOnly))
}

async function execute(backend: Backend, sql: string, readOnly: boolean): Promise<ScriptResult> {
  try {
    return await backend.runSql(sql, readOnly)
  } catch (error) {
    if (error instanceof RequestError || !isPostgresError(error)) throw error
    throw new RequestError('postgres-error', 'query execution failed', '$', {
      cause: error,
      internal: {
        statement: sql,
        prepared: false,
        error: {
          exec_status: 'FatalError',
          hint: error.hint ?? null,
          message: error.message,
          status_code: error.code,
          description: error.detail ?? null,
        },
        arguments: [],
      },
    })
  }
}

/** Rows are text, the first one names the columns, and NULL is a word: as psql would show them. */
function toAnswer({ columns, rows }: ScriptResult): unknown {
  if (columns === undefined) return { result_type: 'CommandOk', result: null }
  const cells = rows.map((row) => row.map((value) => value ?? 'NULL'))
  return { result_type: 'TuplesOk', result: [columns, ...cells] }
}

interface PostgresError extends Error {
  readonly code: string
  readonly hint?: string
  readonly detail?: string
}

function isPostgresError(error: unknown): error is PostgresError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}

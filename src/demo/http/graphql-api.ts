import { setImmediate as nextTurn } from 'node:timers/promises'
import { RequestError } from '../errors.ts'
import type { Executor } from '../execute.ts'
import { isList, isObject, type JsonValue } from '../json.ts'
import { toGraphQLRequest } from '../request/body.ts'
import type { Session } from '../session.ts'

export interface GraphQLAnswer {
  readonly body: string
  /** Hasura names the request only in answers without error; a batch counts as one. */
  readonly isSuccess: boolean
}

/** One request or a batch of them; the members run one after the other, as in Hasura. */
export async function answerGraphQL(
  executor: Executor,
  body: JsonValue,
  session: Session,
): Promise<GraphQLAnswer> {
  if (!isList(body)) return await answerOne(executor, body, session)
  const answers: string[] = []
  for (const member of body) {
    answers.push((await answerOne(executor, member, session)).body)
    // Postgres answers within this turn: a long batch would keep everyone else waiting.
    await nextTurn()
  }
  return { body: `[${answers.join(',')}]`, isSuccess: true }
}

async function answerOne(
  executor: Executor,
  body: JsonValue,
  session: Session,
): Promise<GraphQLAnswer> {
  try {
    refusePersisted(body)
    const result = await executor.execute(toGraphQLRequest(body), session, 'http')
    return { body: result.body, isSuccess: result.status === 200 }
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    return { body: error.toBody(), isSuccess: false }
  }
}

export function persistedQueriesError(): RequestError {
  return new RequestError('not-supported', 'PersistedQueryNotSupported')
}

/** The community edition has no persisted queries, and says so rather than run the query beside them. */
function refusePersisted(body: JsonValue): void {
  const extensions = isObject(body) ? body.get('extensions') : undefined
  const persisted = isObject(extensions) ? (extensions.get('persistedQuery') ?? null) : null
  if (persisted !== null) throw persistedQueriesError()
}

import { isPromise } from '../../shared/awaitable.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Random } from '../../shared/random.ts'
import { LaneAnswers } from './fast-lane/lane-answer.ts'
import type { LaneParts } from './fast-lane/lane-connection.ts'
import { LaneHeads } from './fast-lane/lane-heads.ts'
import { answerGraphql } from './graphql-route.ts'
import { headOf, type RouteParts } from './routes.ts'

export interface GraphqlLaneOptions {
  readonly clock: Clock
  readonly random: Random
  readonly keepAliveTimeoutMs: number
  /** Distinct heads remembered. */
  readonly headsMax: number
}

/** The pipeline of POST /v1/graphql as the fast lane asks it. */
export function graphqlLane(
  routes: RouteParts,
  { clock, random, keepAliveTimeoutMs, headsMax }: GraphqlLaneOptions,
): Omit<LaneParts, 'handOver' | 'closed'> {
  const { requestStatistics } = routes.graphql
  return {
    heads: new LaneHeads({ entriesMax: headsMax, seed: random.uint32() }),
    answers: new LaneAnswers(clock, keepAliveTimeoutMs),
    bodyBytesMax: routes.bodyBytesMax,
    keepAliveTimeoutMs,
    requestHead: ({ headers }, socket) => headOf(routes, { headers, socket }),
    answer(head, body) {
      const answer = answerGraphql(routes.graphql, head, body)
      if (!isPromise(answer)) return answer
      requestStatistics.inFlight += 1
      return answer.finally(() => {
        requestStatistics.inFlight -= 1
      })
    },
    answered({ requestId }, { status }) {
      routes.accessLog.record(
        { method: 'POST', path: '/v1/graphql', status, requestId },
        clock.nowMs(),
      )
    },
  }
}

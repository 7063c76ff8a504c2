import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import { EVERYTHING } from '../cache/epochs.ts'
import type { Invalidation } from '../cache/invalidation.ts'
import { GatewayError } from '../errors.ts'
import type { JsonObject } from '../graphql/operation.ts'
import { fromFramework } from '../http/framework-error.ts'
import { JSON_TYPE } from '../http/graphql-response.ts'
import { sendRefusal, takeBodiesOfAnyType } from '../http/own-routes.ts'
import { SecretSet } from '../identity/secret-set.ts'
import type { Tag } from '../metadata/plan.ts'
import type { EventOptions } from '../options.ts'
import { parseTableEvent } from './event-payload.ts'
import type { EventStatistics } from './event-statistics.ts'

export interface EventRouteParts {
  readonly events: EventOptions
  readonly invalidation: Invalidation
  /** What is stale when these rows of a table have changed: see `Planner`. */
  readonly changedRows: (
    source: string,
    relation: string,
    rows: readonly JsonObject[],
  ) => readonly Tag[]
  readonly statistics: EventStatistics
  readonly clock: Clock
  readonly log: Logger
}

/** Set by `gerbang triggers install` on every trigger. */
export const EVENTS_SECRET_HEADER = 'x-gerbang-events-secret'

/**
 * The webhook of Hasura's event triggers, one path for each source: POST /events/default. A Fastify plugin.
 * Events may come twice and in any order: each only says that something is no longer as it was. It is answered
 * once what it concerns is stale, or is owed to a store that is away: either way it is not served any more.
 */
export function eventRoutes(
  fastify: FastifyInstance,
  parts: EventRouteParts,
  done: () => void,
): void {
  const { events, statistics, log } = parts
  const secrets = new SecretSet(events.secret === undefined ? [] : [events.secret])

  takeBodiesOfAnyType(fastify, events.bodyBytesMax)
  fastify.setErrorHandler((error: FastifyError, _request, reply) => {
    const told = fromFramework(error)
    if (told.isBug) log.error({ err: error }, 'an event failed by a bug')
    if (told.code !== 'payload-too-large') return sendRefusal(reply, told)
    return tooLarge(parts).then(
      () => sendRefusal(reply, told),
      () => sendRefusal(reply, told),
    )
  })

  /** Before the body is read: whoever does not know the secret costs as little as can be. */
  const onRequest = (request: FastifyRequest, _reply: FastifyReply, next: () => void): void => {
    if (secrets.isEmpty) {
      throw new GatewayError('not-found', 'events are not taken: events.secret is not set')
    }
    if (secrets.indexOf(request.headers[EVENTS_SECRET_HEADER]) === undefined) {
      statistics.results.add('denied')
      throw new GatewayError('access-denied', `invalid or missing "${EVENTS_SECRET_HEADER}"`)
    }
    next()
  }
  fastify.post<{ Params: { source: string } }>(
    `${events.path}/:source`,
    { onRequest },
    async ({ params, body }, reply) => {
      await take(parts, params.source, Buffer.isBuffer(body) ? body : Buffer.alloc(0))
      return await reply.type(JSON_TYPE).send('{"message":"success"}')
    },
  )
  done()
}

async function take(parts: EventRouteParts, source: string, body: Buffer): Promise<void> {
  const { invalidation, statistics, clock } = parts
  const event = read(parts, source, body)
  await invalidation.wrote(parts.changedRows(source, event.relation, event.rows), 'event')
  statistics.taken(event.createdAtMs === undefined ? undefined : clock.nowMs() - event.createdAtMs)
}

function read(
  { statistics, log }: EventRouteParts,
  source: string,
  body: Buffer,
): ReturnType<typeof parseTableEvent> {
  try {
    return parseTableEvent(body)
  } catch (error) {
    statistics.results.add('unreadable')
    log.warn(
      { err: error, source },
      'an event could not be read; is the trigger’s payload transformed?',
    )
    throw error
  }
}

/**
 * Whose change it tells of stands in what was not read. Hasura sees the refusal and shows it; until someone
 * looks, it must not mean old answers.
 */
async function tooLarge({ invalidation, statistics, log, events }: EventRouteParts): Promise<void> {
  statistics.results.add('too-large')
  log.warn(
    { bytesMax: events.bodyBytesMax },
    'an event was too large to read; everything is stale. Triggers of gerbang triggers install send keys only',
  )
  await invalidation.wrote([EVERYTHING], 'event')
}

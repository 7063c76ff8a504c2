import type { FastifyInstance, FastifyReply } from 'fastify'
import { type GatewayError, plainErrorBody } from '../errors.ts'
import { JSON_TYPE, REFUSAL_HEADERS } from './graphql-response.ts'

/** Bodies as their bytes, whatever type they claim to be: for a plugin whose routes judge that themselves. */
export function takeBodiesOfAnyType(fastify: FastifyInstance, bodyBytesMax: number): void {
  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: bodyBytesMax },
    (_request, body, parsed) => parsed(null, body),
  )
}

/** In the shape of Hasura's endpoints other than GraphQL. */
export function sendRefusal(reply: FastifyReply, error: GatewayError): FastifyReply {
  const [name, value] = REFUSAL_HEADERS
  return reply
    .code(error.status)
    .header(name, value)
    .headers(error.headers)
    .type(JSON_TYPE)
    .send(plainErrorBody(error))
}

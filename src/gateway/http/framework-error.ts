import type { FastifyError } from 'fastify'
import { GatewayError } from '../errors.ts'
import { toGatewayError } from './graphql-response.ts'

/** What Fastify hands to an error handler: an error of ours, a refusal of its own, or a bug. */
export function fromFramework(error: FastifyError | GatewayError): GatewayError {
  if (error instanceof GatewayError) return error
  const { statusCode: status = 500, message } = error
  if (status === 413) return new GatewayError('payload-too-large', 'the request body is too large')
  if (status === 415) {
    return new GatewayError('unsupported-media-type', 'the content type cannot be read')
  }
  if (status < 500) return new GatewayError('bad-request', message, { status })
  return toGatewayError(error)
}

import type { FastifyError, FastifyInstance, onRequestHookHandler } from 'fastify'
import { type Gateway, GatewayError } from '../gateway/index.ts'

export interface ExplainRouteParts {
  readonly gateway: Gateway
  /** Lets in who may ask. */
  readonly onRequest: onRequestHookHandler
}

/** A request with its variables, and who asks. */
const BODY_BYTES_MAX = 1_048_576
const NO_BYTES = Buffer.alloc(0)

/** A Fastify plugin: POST /explain. The gateway reads the body itself, with the text of its numbers. */
export function explainRoutes(
  fastify: FastifyInstance,
  { gateway, onRequest }: ExplainRouteParts,
  done: () => void,
): void {
  fastify.removeAllContentTypeParsers()
  const parsing = { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX } as const
  fastify.addContentTypeParser('*', parsing, (_request, body, parsed) => parsed(null, body))
  fastify.setErrorHandler(async (error: FastifyError | GatewayError, _request, reply) => {
    const { status, path, message, code } = refusalOf(error)
    return await reply.code(status).send({ path, error: message, code })
  })
  fastify.post('/explain', { onRequest, bodyLimit: BODY_BYTES_MAX }, async ({ body }) =>
    gateway.explain(Buffer.isBuffer(body) ? body : NO_BYTES),
  )
  done()
}

function refusalOf(
  error: FastifyError | GatewayError,
): Pick<GatewayError, 'status' | 'path' | 'message' | 'code'> {
  if (error instanceof GatewayError) {
    // A code whose answer to clients is a success is none here.
    return error.status < 400 ? new GatewayError(error.code, error.message, { status: 400 }) : error
  }
  if (error.statusCode === 413) {
    const message = `the body is larger than ${BODY_BYTES_MAX} bytes`
    return new GatewayError('payload-too-large', message)
  }
  throw error
}

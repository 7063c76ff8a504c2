import type { ServerResponse } from 'node:http'
import type { Answer, RequestHead } from './answer.ts'
import { addCorsHeaders } from './cors.ts'

/**
 * Writes an answer past Fastify, whose own way costs 1.5 us more. The headers go as one flat array, the
 * cheapest form that Node.js takes; what is the same on all answers is added here and never stored.
 */
export function sendAnswer(response: ServerResponse, head: RequestHead, answer: Answer): void {
  const { headers, body } = answer
  if (answer.status !== 304) headers.push('Content-Length', `${body.length}`)
  headers.push('X-Request-Id', head.requestId)
  addCorsHeaders(headers, head.headers.origin)
  response.writeHead(answer.status, headers)
  response.end(body)
}

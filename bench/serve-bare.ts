// A Fastify that answers every request with the same bytes: what a gateway in Node.js could cost at best.
import Fastify from 'fastify'
import { answerBytes } from './shop-requests.ts'

const answer = answerBytes()
const app = Fastify({ logger: false })
app.removeAllContentTypeParsers()
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
app.post('/v1/graphql', (_request, reply) => {
  reply.header('Content-Type', 'application/json; charset=utf-8').send(answer)
})
await app.listen({ host: '127.0.0.1', port: 0 })
process.send?.(Number(new URL(app.listeningOrigin).port))
process.on('SIGTERM', () => process.exit(0))

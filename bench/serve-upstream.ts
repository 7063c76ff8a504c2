// In Hasura's place: always the same answer, after a while if asked to, and metadata and catalog of one table.
import { createServer } from 'node:http'
import { catalogText } from '../test/support/catalog-text.ts'
import { answerBytes, METADATA } from './shop-requests.ts'

const answer = answerBytes()
const metadata = Buffer.from(JSON.stringify({ resource_version: 1, metadata: METADATA }))
// Without one, nothing would be shared between the users.
const catalog = Buffer.from(
  JSON.stringify({
    result_type: 'TuplesOk',
    result: [['catalog'], [catalogText({ tables: ['products'] })]],
  }),
)
const delayMs = Number(process.env['BENCH_DELAY_MS'] ?? 0)
let calls = 0

const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    const { url } = request
    const reply = (body: Buffer): void => {
      response.writeHead(200, {
        'Content-Type': 'application/json; charset=utf-8',
        'Content-Length': body.length,
      })
      response.end(body)
    }
    if (url === '/calls') reply(Buffer.from(String(calls)))
    else if (url === '/v1/metadata') reply(metadata)
    else if (url === '/v2/query') reply(catalog)
    else {
      calls += 1
      if (delayMs > 0) setTimeout(reply, delayMs, answer)
      else reply(answer)
    }
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.(typeof address === 'object' ? address?.port : undefined)
})
process.on('SIGTERM', () => process.exit(0))

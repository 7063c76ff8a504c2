import { describe, expect, it } from 'vitest'
import { readLaneHead } from '../../../../../src/gateway/http/fast-lane/lane-head.ts'

const PLAIN = [
  'POST /v1/graphql HTTP/1.1',
  'Host: gateway',
  'Content-Type: application/json',
  'Content-Length: 20',
]

const head = (lines: readonly string[]): string => lines.join('\r\n')
const withLine = (line: string): string => head([...PLAIN, line])
const replaced = (from: string, to: string): string => head(PLAIN).replace(from, to)

describe('readLaneHead', () => {
  it('reads names in lower case and values without the space around them', () => {
    expect(readLaneHead(withLine('X-Hasura-ROLE: \t editor of things \t'))).toEqual({
      headers: {
        host: 'gateway',
        'content-type': 'application/json',
        'content-length': '20',
        'x-hasura-role': 'editor of things',
      },
      contentLength: 20,
    })
  })

  it.each([
    ['an empty value', withLine('X-Empty:')],
    ['keep-alive said aloud', withLine('Connection: Keep-Alive')],
    ['a charset', replaced('application/json', 'application/json; charset=utf-8')],
    ['a type in capitals', replaced('application/json', 'Application/JSON')],
    ['a token of all characters', withLine("!#$%&'*+-.^_`|~09azAZ: x")],
  ])('takes %s', (_name, text) => {
    expect(readLaneHead(text)).toBeDefined()
  })

  it.each([
    ['another method', replaced('POST', 'PUT')],
    ['another path', replaced('/v1/graphql', '/v1/graphql?x=1')],
    ['another version', replaced('HTTP/1.1', 'HTTP/1.0')],
    ['no host', head(PLAIN.filter((line) => !line.startsWith('Host')))],
    ['no length', head(PLAIN.filter((line) => !line.startsWith('Content-Length')))],
    ['no type', head(PLAIN.filter((line) => !line.startsWith('Content-Type')))],
    ['another type', replaced('application/json', 'application/jsonp')],
    ['two fields of one name', withLine('HOST: other')],
    ['a signed length', replaced('20', '+20')],
    ['a length of nothing', replaced('20', '0')],
    ['a length with a zero in front', replaced('20', '020')],
    ['a length in hexadecimal', replaced('20', '0x14')],
    ['a list of lengths', replaced('20', '20, 20')],
    ['a chunked body', withLine('Transfer-Encoding: chunked')],
    ['a compressed body', withLine('Content-Encoding: gzip')],
    ['an expectation', withLine('Expect: 100-continue')],
    ['an upgrade', withLine('Upgrade: websocket')],
    ['trailers', withLine('Trailer: X')],
    ['the end of the connection', withLine('Connection: close')],
    ['fields of the connection', withLine('Connection: keep-alive, X-Hop')],
    ['space before the colon', withLine('X : y')],
    ['space before the name', withLine(' X: y')],
    ['a folded line', withLine('X: y\r\n z')],
    ['a bare line feed', withLine('X: y\nZ: z')],
    ['a bare carriage return', withLine('X: y\rZ: z')],
    ['a NUL', withLine('X: \0')],
    ['bytes above ASCII', withLine('X: \u00e9')],
    ['a line without a colon', withLine('X')],
    ['a line without a name', withLine(': x')],
    ['an empty line', head([...PLAIN, ''])],
  ])('leaves %s to Node.js', (_name, text) => {
    expect(readLaneHead(text)).toBeUndefined()
  })

  it('keeps a field named __proto__ out of the prototype', () => {
    const { headers } = readLaneHead(withLine('__proto__: x')) ?? {}
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype)
  })

  it('judges a line of 16 KB at once, however it is made', () => {
    const lines = [' '.repeat(16_000), `a${' '.repeat(16_000)}`, 'a '.repeat(8_000)]
    const startMs = performance.now()
    for (const line of lines) expect(readLaneHead(withLine(`X:${line}\x80`))).toBeUndefined()
    expect(performance.now() - startMs).toBeLessThan(100)
  })
})

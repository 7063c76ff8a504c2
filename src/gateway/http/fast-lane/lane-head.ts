import type { IncomingHttpHeaders } from 'node:http'

/** The head of a request that the lane may serve. One object for all requests with the same bytes. */
export interface LaneHead {
  readonly headers: IncomingHttpHeaders
  /** Bytes of the body. */
  readonly contentLength: number
}

export const REQUEST_LINE = 'POST /v1/graphql HTTP/1.1\r\n'

/**
 * A field line as RFC 9110, section 5.5 recommends to write it: a token, no space before the colon, visible
 * ASCII. What else HTTP allows, or once allowed, is for Node.js to judge. Spaces are one or the other's, never
 * tried as both: a line of nothing else took 0.4 s to be refused.
 */
const FIELD_LINE =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(?![ \t])((?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?)[ \t]*$/
const JSON_TYPE = /^application\/json *(?:;|$)/i
const LENGTH = /^[1-9]\d{0,8}$/

/** Fields that change how a message is framed or what becomes of its connection. */
const FRAMING: ReadonlySet<string> = new Set([
  'content-encoding',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Reads the head of a plain POST of JSON to /v1/graphql, without its closing empty line. `undefined` for
 * anything that could mean something else to anybody: two fields of one name, any framing but a plain
 * Content-Length, a line that is not by the book.
 */
export function readLaneHead(text: string): LaneHead | undefined {
  if (!text.startsWith(REQUEST_LINE)) return undefined
  const headers: Record<string, string> = {}
  for (const line of text.slice(REQUEST_LINE.length).split('\r\n')) {
    const [, written, value] = FIELD_LINE.exec(line) ?? []
    if (written === undefined || value === undefined) return undefined
    const name = written.toLowerCase()
    if (FRAMING.has(name) || Object.hasOwn(headers, name)) return undefined
    headers[name] = value
  }
  const { connection, host, 'content-type': type = '', 'content-length': length = '' } = headers
  if (connection !== undefined && connection.toLowerCase() !== 'keep-alive') return undefined
  if (host === undefined || !JSON_TYPE.test(type) || !LENGTH.test(length)) return undefined
  return { headers, contentLength: Number(length) }
}

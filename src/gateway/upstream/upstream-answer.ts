import type { IncomingHttpHeaders } from 'node:http'

/** A whole answer; its status may be any. */
export interface UpstreamAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

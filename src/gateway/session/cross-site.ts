import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../errors.ts'

/**
 * Refuses a request that another site made the browser send: browsers add the session's cookie to those
 * too. SameSite does not keep out a subdomain, nor an old browser.
 */
export function refuseForeignSite(headers: IncomingHttpHeaders): void {
  const { origin, host } = headers
  const site = headers['sec-fetch-site']
  // Written by the browser, out of reach of scripts, and right behind proxies that rename the host.
  if (site === 'same-origin' || site === 'none') return
  if (site !== undefined) throw forbidden('the request comes from another site')
  if (origin === undefined) return
  if (origin === `https://${host}` || origin === `http://${host}`) return
  throw forbidden('the request comes from another origin')
}

/** A form can send text, never JSON; without a content type the body could still be read as JSON. */
export function refuseFormBody(headers: IncomingHttpHeaders): void {
  const { 'content-type': contentType, 'content-length': length } = headers
  const hasBody =
    headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
  if (!hasBody && contentType === undefined) return
  if (contentType !== undefined && /^application\/(?:[\w.-]+\+)?json *(?:;|$)/i.test(contentType)) {
    return
  }
  throw forbidden('requests with a session cookie need the content type application/json')
}

function forbidden(reason: string): GatewayError {
  return new GatewayError('access-denied', reason, { status: 403 })
}

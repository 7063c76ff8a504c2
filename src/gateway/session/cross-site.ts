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

/**
 * Refuses a GET that may be a link or an image of another site: browsers that tell no Sec-Fetch-Site send no
 * Origin with those either. A header that scripts of another site cannot add without asking first is proof
 * as well: `Apollo-Require-Preflight`, `GraphQL-Require-Preflight`.
 */
export function refuseUnprovenGet(headers: IncomingHttpHeaders): void {
  const proof = [
    'sec-fetch-site',
    'origin',
    'content-type',
    'apollo-require-preflight',
    'graphql-require-preflight',
  ]
  if (proof.some((name) => headers[name] !== undefined)) return
  throw forbidden('nothing shows that the request comes from this site')
}

function forbidden(reason: string): GatewayError {
  return new GatewayError('access-denied', reason, { status: 403 })
}

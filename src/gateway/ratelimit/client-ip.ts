import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'

/**
 * The client's address. Every trusted proxy has appended to X-Forwarded-For whom it heard, so the client
 * stands `trustedProxyHops` from the right; what is further left the client may have written itself.
 */
export function clientIp(
  headers: IncomingHttpHeaders,
  socketAddress: string | undefined,
  trustedProxyHops: number,
): string {
  const forwarded = headers['x-forwarded-for']
  if (trustedProxyHops > 0 && typeof forwarded === 'string') {
    const addresses = forwarded.split(',')
    const address = addresses[Math.max(addresses.length - trustedProxyHops, 0)]
    const ip = withoutPort(address?.trim() ?? '')
    if (isIP(ip) !== 0) return ip
  }
  return socketAddress ?? 'unknown'
}

/** What counts as one client: an IPv4 address, the /64 of an IPv6 one, which a single line has to itself. */
export function addressBlock(ip: string): string {
  if (isIP(ip) !== 6) return ip
  const groups = expandIpv6(ip)
  const isIpv4 = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (isIpv4) return dottedIpv4(groups[6] ?? 0, groups[7] ?? 0)
  const prefix = groups.slice(0, 4).map((group) => group.toString(16))
  return `${prefix.join(':')}::/64`
}

/** `[::1]:80` and `192.0.2.1:80`, as some proxies write them. */
function withoutPort(address: string): string {
  const [, bracketed] = /^\[([^\]]+)\](?::\d+)?$/.exec(address) ?? []
  if (bracketed !== undefined) return bracketed
  const [, ipv4] = /^([\d.]+):\d+$/.exec(address) ?? []
  return ipv4 ?? address
}

/** The eight groups of a valid IPv6 address. */
function expandIpv6(ip: string): readonly number[] {
  const [address = ''] = ip.split('%', 1)
  const [head = '', tail] = withoutDottedEnd(address).split('::', 2)
  const left = groupsOf(head)
  if (tail === undefined) return left
  const right = groupsOf(tail)
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => 0)
  return [...left, ...zeros, ...right]
}

function groupsOf(text: string): readonly number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}

/** `::ffff:192.0.2.1` with its last part in groups. */
function withoutDottedEnd(address: string): string {
  const [, start = '', dotted] = /^(.*:)([\d.]+\.[\d.]+)$/.exec(address) ?? []
  if (dotted === undefined) return address
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number)
  return `${start}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
}

function dottedIpv4(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
}

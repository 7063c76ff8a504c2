import type { GatewayOptions } from '../options.ts'

/** With the time in which it is served as stale. */
export function entryLifeMaxMs({ cache }: GatewayOptions): number {
  const stale = [cache, ...cache.rules].flatMap((one) => [
    one.staleWhileRevalidateMs ?? 0,
    one.staleIfErrorMs ?? 0,
  ])
  return cache.ttlMaxMs + Math.max(...stale)
}

/** How long after the upstream went away there can be entries that may be served instead. */
export function outageMaxMs(options: GatewayOptions): number {
  const { cache } = options
  const isServed = [cache, ...cache.rules].some((one) => (one.staleIfErrorMs ?? 0) > 0)
  return isServed ? entryLifeMaxMs(options) : 0
}

import { integerArgument } from '../execution/arguments.ts'
import type { CommandContext } from '../execution/context.ts'
import type { TrackingMode } from '../execution/tracking.ts'
import { prefixOverlap, replyErrors } from '../protocol/reply-errors.ts'

/** CLIENT TRACKING's options as they stand. */
interface TrackingRequest {
  redirectTo: number
  isBroadcast: boolean
  isOptIn: boolean
  isOptOut: boolean
  isNoLoop: boolean
  readonly prefixes: string[]
}

export function clientTracking(context: CommandContext): void {
  const { argv, client, reply, services } = context
  const request = readRequest(context)
  if (typeof request === 'string') return reply.error(request)
  if (argv.is(2, 'ON')) {
    const error = conflictOf(context, request)
    if (error !== undefined) return reply.error(error)
    services.tracking.enable(client, modeOf(request))
  } else if (argv.is(2, 'OFF')) services.tracking.disable(client)
  else return reply.error(replyErrors.syntax)
  reply.simple('OK')
}

function modeOf(request: TrackingRequest): TrackingMode {
  const { redirectTo, isBroadcast, isNoLoop, prefixes } = request
  const mode = request.isOptIn ? 'optin' : request.isOptOut ? 'optout' : 'all'
  return { redirectTo, isBroadcast, isNoLoop, prefixes, mode }
}

/** The request, or an error. */
function readRequest(context: CommandContext): TrackingRequest | string {
  const { argv } = context
  const request: TrackingRequest = {
    redirectTo: 0,
    isBroadcast: false,
    isOptIn: false,
    isOptOut: false,
    isNoLoop: false,
    prefixes: [],
  }
  for (let index = 3; index < argv.count; index += 1) {
    const hasValue = index + 1 < argv.count
    if (argv.is(index, 'REDIRECT') && hasValue) {
      index += 1
      const error = readRedirect(context, index, request)
      if (error !== undefined) return error
    } else if (argv.is(index, 'PREFIX') && hasValue) {
      index += 1
      request.prefixes.push(argv.latin1(index))
    } else if (argv.is(index, 'BCAST')) request.isBroadcast = true
    else if (argv.is(index, 'OPTIN')) request.isOptIn = true
    else if (argv.is(index, 'OPTOUT')) request.isOptOut = true
    else if (argv.is(index, 'NOLOOP')) request.isNoLoop = true
    else return replyErrors.syntax
  }
  return request
}

function readRedirect(
  { argv, services }: CommandContext,
  index: number,
  request: TrackingRequest,
): string | undefined {
  if (request.redirectTo !== 0) return replyErrors.trackingRedirectTwice
  const id = integerArgument(argv, index)
  if (Number.isNaN(id)) return replyErrors.notInteger
  if (services.clients.find(id) === undefined) return replyErrors.trackingRedirectUnknown
  request.redirectTo = id
  return undefined
}

/** What does not go together, or not with what the client has asked for before; in Redis' order. */
function conflictOf(context: CommandContext, request: TrackingRequest): string | undefined {
  const state = context.services.tracking.stateOf(context.client)
  const { isBroadcast, isOptIn, isOptOut, prefixes } = request
  if (!isBroadcast && prefixes.length > 0) return replyErrors.trackingPrefixWithoutBcast
  if (state !== undefined && state.isBroadcast !== isBroadcast) {
    return replyErrors.trackingBcastSwitch
  }
  if (isBroadcast && (isOptIn || isOptOut)) return replyErrors.trackingOptWithBcast
  if (isOptIn && isOptOut) return replyErrors.trackingOptBoth
  if ((isOptIn && state?.mode === 'optout') || (isOptOut && state?.mode === 'optin')) {
    return replyErrors.trackingOptSwitch
  }
  return isBroadcast ? overlapOf(context, prefixes) : undefined
}

/** Two prefixes of which one begins with the other would tell of a key twice. */
function overlapOf(context: CommandContext, prefixes: readonly string[]): string | undefined {
  const existing = context.services.tracking.prefixesOf(context.client)
  for (const [index, prefix] of prefixes.entries()) {
    for (const other of existing) {
      if (overlap(prefix, other)) return prefixOverlap(prefix, 'an existing', other)
    }
    for (const other of prefixes.slice(index + 1)) {
      if (overlap(prefix, other)) return prefixOverlap(prefix, 'another provided', other)
    }
  }
  return undefined
}

function overlap(left: string, right: string): boolean {
  return left.startsWith(right) || right.startsWith(left)
}

export function clientCaching({ argv, client, reply, services }: CommandContext): void {
  const state = services.tracking.stateOf(client)
  if (state === undefined) return reply.error(replyErrors.cachingWithoutTracking)
  const isYes = argv.is(2, 'YES')
  if (!isYes && !argv.is(2, 'NO')) return reply.error(replyErrors.syntax)
  if (isYes && state.mode !== 'optin') return reply.error(replyErrors.cachingYesWithoutOptIn)
  if (!isYes && state.mode !== 'optout') return reply.error(replyErrors.cachingNoWithoutOptOut)
  state.isCachingGiven = true
  reply.simple('OK')
}

export function clientGetredir({ client, reply, services }: CommandContext): void {
  reply.integer(services.tracking.stateOf(client)?.redirectTo ?? -1)
}

export function clientTrackinginfo({ client, reply, services }: CommandContext): void {
  const state = services.tracking.stateOf(client)
  const flags = [state === undefined ? 'off' : 'on']
  if (state?.isBroadcast === true) flags.push('bcast')
  if (state !== undefined && state.mode !== 'all') {
    flags.push(state.mode)
    if (state.isCachingGiven) flags.push(state.mode === 'optin' ? 'caching-yes' : 'caching-no')
  }
  if (state?.isNoLoop === true) flags.push('noloop')
  if (state?.isRedirectBroken === true) flags.push('broken_redirect')
  reply.map(3)
  reply.text('flags')
  reply.set(flags.length)
  for (const flag of flags) reply.text(flag)
  reply.text('redirect')
  reply.integer(state?.redirectTo ?? -1)
  const prefixes = [...services.tracking.prefixesOf(client)].sort()
  reply.text('prefixes')
  reply.array(prefixes.length)
  for (const prefix of prefixes) {
    const bytes = Buffer.from(prefix, 'latin1')
    reply.bulk(bytes, 0, bytes.length)
  }
}

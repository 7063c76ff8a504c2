import { integerArgument } from '../execution/arguments.ts'
import type { CommandContext } from '../execution/context.ts'
import type { Handle } from '../keyspace/database.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import type { GeoPoint } from '../structures/geohash.ts'
import { type GeoShape, readBox, readCircle, readPoint } from './geo-arguments.ts'
import { pointOf } from './geo-read.ts'

export type GeoSearchKind = 'radius' | 'radius-read' | 'search' | 'search-store'

/** What a search by place asks for. */
export interface GeoOptions {
  readonly kind: GeoSearchKind
  center: GeoPoint | undefined
  shape: GeoShape | undefined
  /** Which of FROMMEMBER and FROMLONLAT was there; of a missing key no member has a place. */
  from: 'nothing' | 'member' | 'point'
  withDistance: boolean
  withHash: boolean
  withPoint: boolean
  order: 'none' | 'asc' | 'desc'
  any: boolean
  /** 0 without a limit. */
  count: number
  /** The argument with the key to store at, or 0. */
  storeAt: number
  storesDistance: boolean
}

export function newGeoOptions(kind: GeoSearchKind): GeoOptions {
  return {
    kind,
    center: undefined,
    shape: undefined,
    from: 'nothing',
    withDistance: false,
    withHash: false,
    withPoint: false,
    order: 'none',
    any: false,
    count: 0,
    storeAt: 0,
    storesDistance: false,
  }
}

/** What an option made of the arguments: how many it took, or one of these. */
const NOT_MINE = 0
const REFUSED = -1

/** The options from argument `first` on; false after an error. `record` is the sorted set, 0 without a key. */
export function readGeoOptions(
  context: CommandContext,
  first: number,
  options: GeoOptions,
  record: Handle,
): boolean {
  const { argv, reply } = context
  const isSearch = options.kind === 'search' || options.kind === 'search-store'
  for (let index = first; index < argv.count; ) {
    let taken = readFlag(context, index, options)
    if (taken === NOT_MINE) taken = readCount(context, index, options)
    if (taken === NOT_MINE) taken = readStore(context, index, options)
    if (taken === NOT_MINE && isSearch) taken = readCenter(context, index, options, record)
    if (taken === NOT_MINE && isSearch) taken = readShape(context, index, options)
    if (taken === NOT_MINE) reply.error(replyErrors.syntax)
    if (taken <= 0) return false
    index += taken
  }
  return true
}

function readFlag({ argv }: CommandContext, index: number, options: GeoOptions): number {
  if (argv.is(index, 'WITHDIST')) options.withDistance = true
  else if (argv.is(index, 'WITHHASH')) options.withHash = true
  else if (argv.is(index, 'WITHCOORD')) options.withPoint = true
  else if (argv.is(index, 'ANY')) options.any = true
  else if (argv.is(index, 'ASC')) options.order = 'asc'
  else if (argv.is(index, 'DESC')) options.order = 'desc'
  else return NOT_MINE
  return 1
}

function readCount({ argv, reply }: CommandContext, index: number, options: GeoOptions): number {
  if (!argv.is(index, 'COUNT') || index + 1 >= argv.count) return NOT_MINE
  options.count = integerArgument(argv, index + 1)
  if (options.count > 0) return 2
  reply.error(Number.isNaN(options.count) ? replyErrors.notInteger : replyErrors.geoCount)
  return REFUSED
}

function readStore({ argv }: CommandContext, index: number, options: GeoOptions): number {
  const isDistance = argv.is(index, 'STOREDIST')
  if (options.kind === 'search-store' && isDistance) {
    options.storesDistance = true
    return 1
  }
  const isStore = isDistance || argv.is(index, 'STORE')
  if (options.kind !== 'radius' || !isStore || index + 1 >= argv.count) return NOT_MINE
  options.storeAt = index + 1
  options.storesDistance = isDistance
  return 2
}

function readCenter(
  context: CommandContext,
  index: number,
  options: GeoOptions,
  record: Handle,
): number {
  const { argv, reply } = context
  const left = argv.count - index - 1
  if (left >= 1 && options.from !== 'point' && argv.is(index, 'FROMMEMBER')) {
    options.from = 'member'
    if (record === 0) return 2
    options.center = pointOf(context, index + 1)
    if (options.center !== undefined) return 2
    reply.error(replyErrors.geoMember)
    return REFUSED
  }
  if (left >= 2 && options.from !== 'member' && argv.is(index, 'FROMLONLAT')) {
    options.from = 'point'
    options.center = readPoint(context, index + 1)
    return options.center === undefined ? REFUSED : 3
  }
  return NOT_MINE
}

function readShape(context: CommandContext, index: number, options: GeoOptions): number {
  const left = context.argv.count - index - 1
  if (left >= 2 && options.shape?.kind !== 'box' && context.argv.is(index, 'BYRADIUS')) {
    options.shape = readCircle(context, index + 1)
    return options.shape === undefined ? REFUSED : 3
  }
  if (left >= 3 && options.shape?.kind !== 'circle' && context.argv.is(index, 'BYBOX')) {
    options.shape = readBox(context, index + 1)
    return options.shape === undefined ? REFUSED : 4
  }
  return NOT_MINE
}

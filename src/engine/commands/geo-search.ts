import type { CommandContext } from '../execution/context.ts'
import { WRONG_TYPE } from '../execution/context.ts'
import type { Handle } from '../keyspace/database.ts'
import { exactlyOne, replyErrors, withoutStore } from '../protocol/reply-errors.ts'
import {
  distanceBetween,
  type GeoPoint,
  latitudeDistance,
  readGeohash,
} from '../structures/geohash.ts'
import { spansAround } from './geo-areas.ts'
import { type GeoShape, readCircle, readPoint } from './geo-arguments.ts'
import { type GeoOptions, newGeoOptions, readGeoOptions } from './geo-options.ts'
import { pointOf, replyWithDistance, replyWithPoint } from './geo-read.ts'
import { deleteTarget, storeResult } from './sorted-set-access.ts'

interface GeoMatch extends GeoPoint {
  /** Where the member stands in the sorted set. */
  readonly position: number
  readonly score: number
  readonly meters: number
}

/**
 * GEORADIUS key longitude latitude radius unit [options] [STORE key | STOREDIST key];
 * GEORADIUSBYMEMBER key member radius unit ...
 */
export function georadius(
  context: CommandContext,
  { center, stores }: { readonly center: 'point' | 'member'; readonly stores: boolean },
): void {
  const record = context.findValue(1, 'zset', 'read')
  if (record === WRONG_TYPE) return
  if (record !== 0) context.collections.sortedSet.open(context.database, record)
  const options = newGeoOptions(stores ? 'radius' : 'radius-read')
  const shapeAt = center === 'point' ? 4 : 3
  // Redis looks at neither member nor radius where there is no key.
  if (center === 'point' || record !== 0) {
    options.center = center === 'point' ? readPoint(context, 2) : memberPoint(context, 2)
    if (options.center === undefined) return
    options.shape = readCircle(context, shapeAt)
    if (options.shape === undefined) return
  }
  if (!readGeoOptions(context, shapeAt + 2, options, record)) return
  const refusal = refusalOf(options, 'STORE option in GEORADIUS')
  if (refusal !== undefined) return context.reply.error(refusal)
  search(context, record, options, 'georadiusstore')
}

/** GEOSEARCH key [FROMMEMBER member | FROMLONLAT longitude latitude] [BYRADIUS ... | BYBOX ...] [options] */
export function geosearch(context: CommandContext): void {
  searchBy(context, 1, newGeoOptions('search'))
}

/** GEOSEARCHSTORE destination source ... [STOREDIST] */
export function geosearchstore(context: CommandContext): void {
  const options = newGeoOptions('search-store')
  options.storeAt = 1
  searchBy(context, 2, options)
}

function searchBy(context: CommandContext, source: number, options: GeoOptions): void {
  const record = context.findValue(source, 'zset', 'read')
  if (record === WRONG_TYPE) return
  if (record !== 0) context.collections.sortedSet.open(context.database, record)
  if (!readGeoOptions(context, source + 1, options, record)) return
  const name = context.argv.latin1(0)
  const refusal =
    refusalOf(options, 'GEOSEARCHSTORE') ??
    (options.from !== 'nothing' ? undefined : exactlyOne('FROMMEMBER or FROMLONLAT', name)) ??
    (options.shape === undefined ? exactlyOne('BYRADIUS and BYBOX', name) : undefined) ??
    anyRefusal(options)
  if (refusal !== undefined) return context.reply.error(refusal)
  search(context, record, options, 'geosearchstore')
}

function refusalOf(options: GeoOptions, storing: string): string | undefined {
  const { storeAt, withDistance, withHash, withPoint } = options
  if (storeAt > 0 && (withDistance || withHash || withPoint)) return withoutStore(storing)
  return options.kind.startsWith('radius') ? anyRefusal(options) : undefined
}

function anyRefusal({ any, count }: GeoOptions): string | undefined {
  return any && count === 0 ? replyErrors.geoAny : undefined
}

/** The place of a member; undefined after an error. */
function memberPoint(context: CommandContext, member: number): GeoPoint | undefined {
  const point = pointOf(context, member)
  if (point === undefined) context.reply.error(replyErrors.geoMember)
  return point
}

function search(
  context: CommandContext,
  record: Handle,
  options: GeoOptions,
  storeEvent: string,
): void {
  const { center, shape, storeAt } = options
  if (record === 0 || center === undefined || shape === undefined) {
    if (storeAt > 0) deleteTarget(context, storeAt)
    else context.reply.array(0)
    return
  }
  const matches = findMatches(context, center, shape, options.any ? options.count : 0)
  const isAscending = options.order === 'asc' || (options.count > 0 && !options.any)
  if (options.order === 'desc') matches.sort((left, right) => right.meters - left.meters)
  else if (isAscending) matches.sort((left, right) => left.meters - right.meters)
  if (options.count > 0 && matches.length > options.count) matches.length = options.count
  if (storeAt > 0) store(context, matches, { ...options, unitMeters: shape.unitMeters }, storeEvent)
  else replyWithMatches(context, matches, options, shape.unitMeters)
}

/** At most `limit` of the members within the shape, unless that is 0. */
function findMatches(
  context: CommandContext,
  center: GeoPoint,
  shape: GeoShape,
  limit: number,
): GeoMatch[] {
  const { sortedSet } = context.collections
  const matches: GeoMatch[] = []
  const point = { longitude: 0, latitude: 0 }
  for (const { min, max } of spansAround(center, shape)) {
    const first = sortedSet.countBelow(min, false)
    const end = sortedSet.countBelow(max, false)
    sortedSet.seek(first)
    for (let rank = first; rank < end; rank += 1) {
      sortedSet.next()
      const { position, score } = sortedSet
      readGeohash(score, point)
      const meters = distanceWithin(shape, center, point)
      if (meters < 0) continue
      matches.push({ ...point, position, score, meters })
      if (matches.length === limit) return matches
    }
  }
  return matches
}

/** The distance of the point from the center, or -1 when it is outside. */
function distanceWithin(shape: GeoShape, center: GeoPoint, point: GeoPoint): number {
  const { longitude, latitude } = point
  if (shape.kind === 'box') {
    if (latitudeDistance(latitude, center.latitude) > shape.heightMeters / 2) return -1
    const across = distanceBetween(longitude, latitude, center.longitude, latitude)
    if (across > shape.widthMeters / 2) return -1
  }
  const meters = distanceBetween(center.longitude, center.latitude, longitude, latitude)
  return shape.kind === 'circle' && meters > shape.widthMeters / 2 ? -1 : meters
}

function replyWithMatches(
  context: CommandContext,
  matches: readonly GeoMatch[],
  { withDistance, withHash, withPoint }: GeoOptions,
  unitMeters: number,
): void {
  const { reply } = context
  const { sortedSet } = context.collections
  const parts = 1 + Number(withDistance) + Number(withHash) + Number(withPoint)
  reply.array(matches.length)
  for (const match of matches) {
    if (parts > 1) reply.array(parts)
    sortedSet.read(match.position)
    sortedSet.member.replyTo(reply)
    if (withDistance) replyWithDistance(reply, match.meters / unitMeters)
    if (withHash) reply.integer(Math.trunc(match.score))
    if (withPoint) replyWithPoint(reply, match)
  }
}

function store(
  context: CommandContext,
  matches: readonly GeoMatch[],
  { storeAt, storesDistance, unitMeters }: GeoOptions & { readonly unitMeters: number },
  event: string,
): void {
  const { sortedSet, resultSortedSet } = context.collections
  resultSortedSet.openLoose()
  for (const { position, score, meters } of matches) {
    sortedSet.read(position)
    sortedSet.member.spell()
    const { bytes, start, length } = sortedSet.member
    resultSortedSet.add(bytes, start, length, storesDistance ? meters / unitMeters : score)
  }
  storeResult(context, storeAt, event)
}

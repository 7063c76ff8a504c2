import type { CommandContext } from '../execution/context.ts'
import { WRONG_TYPE } from '../execution/context.ts'
import { doubleToLongDouble, formatLongDouble } from '../execution/long-double.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import type { ReplyWriter } from '../protocol/reply-writer.ts'
import {
  bitsOf,
  cellOf,
  distanceBetween,
  GEOHASH_STEPS,
  type GeoPoint,
  readGeohash,
} from '../structures/geohash.ts'
import { readUnit } from './geo-arguments.ts'

const ALPHABET = '0123456789bcdefghjkmnpqrstuvwxyz'
const ALPHABET_BITS = 5
/** Ten characters have 50 of the 52 bits; the eleventh was always zero. */
const HASHED_CHARACTERS = 10
/** Standard geohashes reach the poles. */
const STANDARD_LATITUDE_MAX = 90
const DISTANCE_SCALE = 10_000

/** GEODIST key member1 member2 [M | KM | FT | MI] */
export function geodist(context: CommandContext): void {
  const { argv, reply } = context
  const unitMeters = argv.count === 5 ? readUnit(context, 4) : 1
  if (unitMeters === undefined) return
  if (argv.count > 5) return reply.error(replyErrors.syntax)
  const record = context.findValue(1, 'zset', 'read')
  if (record === WRONG_TYPE) return
  if (record === 0) return reply.null()
  context.collections.sortedSet.open(context.database, record)
  const from = pointOf(context, 2)
  const to = pointOf(context, 3)
  if (from === undefined || to === undefined) return reply.null()
  const meters = distanceBetween(from.longitude, from.latitude, to.longitude, to.latitude)
  replyWithDistance(reply, meters / unitMeters)
}

/** GEOPOS key member [member ...] */
export function geopos(context: CommandContext): void {
  forEachPoint(context, (point) => {
    if (point === undefined) context.reply.nullArray()
    else replyWithPoint(context.reply, point)
  })
}

/** GEOHASH key member [member ...] */
export function geohash(context: CommandContext): void {
  forEachPoint(context, (point) => {
    if (point === undefined) context.reply.null()
    else context.reply.text(standardGeohash(point))
  })
}

/** The place of the member an argument names, in the open sorted set. */
export function pointOf(context: CommandContext, member: number): GeoPoint | undefined {
  const { argv } = context
  const { sortedSet } = context.collections
  if (!sortedSet.find(argv.bytes, argv.start(member), argv.length(member))) return undefined
  const point = { longitude: 0, latitude: 0 }
  readGeohash(sortedSet.score, point)
  return point
}

/** With four decimals, ties to even (util.c, fixedpoint_d2string). */
export function replyWithDistance(reply: ReplyWriter, distance: number): void {
  const scaled = roundToEven(distance * DISTANCE_SCALE)
  const whole = Math.floor(scaled / DISTANCE_SCALE)
  reply.text(`${whole}.${String(scaled - whole * DISTANCE_SCALE).padStart(4, '0')}`)
}

/** Each coordinate with all the decimals that a double may have before 17. */
export function replyWithPoint(reply: ReplyWriter, { longitude, latitude }: GeoPoint): void {
  reply.array(2)
  replyWithDecimals(reply, longitude)
  replyWithDecimals(reply, latitude)
}

function replyWithDecimals(reply: ReplyWriter, value: number): void {
  reply.double(value, formatLongDouble(doubleToLongDouble(value)))
}

function forEachPoint(context: CommandContext, visit: (point: GeoPoint | undefined) => void): void {
  const { argv, reply } = context
  const record = context.findValue(1, 'zset', 'read')
  if (record === WRONG_TYPE) return
  if (record !== 0) context.collections.sortedSet.open(context.database, record)
  reply.array(argv.count - 2)
  for (let index = 2; index < argv.count; index += 1) {
    visit(record === 0 ? undefined : pointOf(context, index))
  }
}

function standardGeohash(point: GeoPoint): string {
  const bits = bitsOf(cellOf(point, GEOHASH_STEPS, STANDARD_LATITUDE_MAX))
  let text = ''
  for (let index = 1; index <= HASHED_CHARACTERS; index += 1) {
    const shift = 2 * GEOHASH_STEPS - ALPHABET_BITS * index
    text += ALPHABET[Math.floor(bits / 2 ** shift) % 2 ** ALPHABET_BITS]
  }
  return `${text}0`
}

function roundToEven(value: number): number {
  const rounded = Math.round(value)
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded
}

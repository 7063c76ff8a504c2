import type { CommandContext } from '../execution/context.ts'
import { invalidCoordinates, replyErrors } from '../protocol/reply-errors.ts'
import { type GeoPoint, LATITUDE_MAX, LONGITUDE_MAX } from '../structures/geohash.ts'
import { parseDouble } from '../structures/parse-double.ts'

const METERS_PER_UNIT = [
  ['M', 1],
  ['KM', 1_000],
  ['FT', 0.3048],
  ['MI', 1_609.34],
] as const

/** A circle or a box around a point, in meters; `unitMeters` is what the caller measures with. */
export interface GeoShape {
  readonly kind: 'circle' | 'box'
  /** Of a circle: twice the radius. */
  readonly widthMeters: number
  readonly heightMeters: number
  readonly unitMeters: number
}

export function doubleArgument({ argv }: CommandContext, index: number): number {
  return parseDouble(argv.bytes, argv.start(index), argv.length(index))
}

/** Longitude and latitude in two arguments; undefined after an error. */
export function readPoint(context: CommandContext, index: number): GeoPoint | undefined {
  const { reply } = context
  const longitude = doubleArgument(context, index)
  const latitude = doubleArgument(context, index + 1)
  if (Number.isNaN(longitude) || Number.isNaN(latitude)) {
    reply.error(replyErrors.notFloat)
    return undefined
  }
  if (Math.abs(longitude) <= LONGITUDE_MAX && Math.abs(latitude) <= LATITUDE_MAX) {
    return { longitude, latitude }
  }
  reply.error(invalidCoordinates(longitude, latitude))
  return undefined
}

/** Undefined after an error. */
export function readUnit({ argv, reply }: CommandContext, index: number): number | undefined {
  for (const [unit, meters] of METERS_PER_UNIT) {
    if (argv.is(index, unit)) return meters
  }
  reply.error(replyErrors.geoUnit)
  return undefined
}

/** Radius and unit in two arguments; undefined after an error. */
export function readCircle(context: CommandContext, index: number): GeoShape | undefined {
  const { reply } = context
  const radius = doubleArgument(context, index)
  if (Number.isNaN(radius)) reply.error(replyErrors.geoRadiusNotFloat)
  else if (radius < 0) reply.error(replyErrors.geoRadiusNegative)
  else {
    const unitMeters = readUnit(context, index + 1)
    if (unitMeters === undefined) return undefined
    const widthMeters = 2 * (radius * unitMeters)
    return { kind: 'circle', widthMeters, heightMeters: widthMeters, unitMeters }
  }
  return undefined
}

/** Width, height and unit in three arguments; undefined after an error. */
export function readBox(context: CommandContext, index: number): GeoShape | undefined {
  const { reply } = context
  const width = doubleArgument(context, index)
  const height = doubleArgument(context, index + 1)
  if (Number.isNaN(width)) reply.error(replyErrors.geoWidthNotFloat)
  else if (Number.isNaN(height)) reply.error(replyErrors.geoHeightNotFloat)
  else if (width < 0 || height < 0) reply.error(replyErrors.geoBoxNegative)
  else {
    const unitMeters = readUnit(context, index + 2)
    if (unitMeters === undefined) return undefined
    const [widthMeters, heightMeters] = [width * unitMeters, height * unitMeters]
    return { kind: 'box', widthMeters, heightMeters, unitMeters }
  }
  return undefined
}

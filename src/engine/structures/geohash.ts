import { arcsine, cosine, sine } from './exact-trigonometry.ts'

/**
 * Places on earth as 52-bit integers, which a double holds exactly: 26 bits of latitude and of longitude in
 * turn, longitude first (geohash.c and geohash_helper.c of Redis 7.0, whose roundings these are).
 */
export const GEOHASH_STEPS = 26

export const LONGITUDE_MAX = 180
/** Web Mercator (EPSG:900913) ends short of the poles. */
export const LATITUDE_MAX = 85.05112878

const EARTH_RADIUS_METERS = 6_372_797.560856
const MERCATOR_MAX_METERS = 20_037_726.37
const RADIANS_PER_DEGREE = Math.PI / 180
const TWO_TO_16 = 2 ** 16
const TWO_TO_32 = 2 ** 32
const TWO_TO_63 = 2 ** 63

/** A cell of the grid with 2^steps rows and as many columns. */
export interface GeoCell {
  readonly steps: number
  /** From the south. */
  readonly row: number
  /** From the west. */
  readonly column: number
}

export interface GeoArea {
  readonly west: number
  readonly east: number
  readonly south: number
  readonly north: number
}

export interface GeoPoint {
  longitude: number
  latitude: number
}

/** The cell of a point, which is within the limits above; `latitudeMax` may be that of a standard geohash. */
export function cellOf(
  { longitude, latitude }: Readonly<GeoPoint>,
  steps: number,
  latitudeMax = LATITUDE_MAX,
): GeoCell {
  const scale = 2 ** steps
  const latitudeOffset = (latitude + latitudeMax) / (latitudeMax + latitudeMax)
  const longitudeOffset = (longitude + LONGITUDE_MAX) / (LONGITUDE_MAX + LONGITUDE_MAX)
  return {
    steps,
    row: Math.trunc(latitudeOffset * scale),
    column: Math.trunc(longitudeOffset * scale),
  }
}

export function areaOf({ steps, row, column }: GeoCell): GeoArea {
  const scale = 2 ** steps
  const height = LATITUDE_MAX + LATITUDE_MAX
  const width = LONGITUDE_MAX + LONGITUDE_MAX
  return {
    south: -LATITUDE_MAX + (row / scale) * height,
    north: -LATITUDE_MAX + ((row + 1) / scale) * height,
    west: -LONGITUDE_MAX + (column / scale) * width,
    east: -LONGITUDE_MAX + ((column + 1) / scale) * width,
  }
}

/** The bits of row and column in turn: twice the steps, and more for a point on the northern or eastern edge. */
export function bitsOf({ row, column }: GeoCell): number {
  // In two parts, for bitwise operations have 32 bits.
  const low = interleave(row & 0x1fff, column & 0x1fff)
  return interleave(row >>> 13, column >>> 13) * 2 ** 26 + low
}

/** The score of a point. */
export function geohashOf(point: Readonly<GeoPoint>): number {
  return bitsOf(cellOf(point, GEOHASH_STEPS))
}

/** The middle of the cell of a score, whatever that is: as Redis, which makes 64 bits of it. */
export function readGeohash(score: number, point: GeoPoint): void {
  const isPlain = score >= 0 && score <= Number.MAX_SAFE_INTEGER
  const bits = isPlain ? Math.trunc(score) : wrapped(score)
  const low = Number(typeof bits === 'number' ? bits % TWO_TO_32 : bits & 0xffff_ffffn)
  const high = Number(typeof bits === 'number' ? Math.floor(bits / TWO_TO_32) : bits >> 32n)
  const row = everySecondBit(low) + everySecondBit(high) * TWO_TO_16
  const column = everySecondBit(low >>> 1) + everySecondBit(high >>> 1) * TWO_TO_16
  const area = areaOf({ steps: GEOHASH_STEPS, row, column })
  point.longitude = clamp((area.west + area.east) / 2, LONGITUDE_MAX)
  point.latitude = clamp((area.south + area.north) / 2, LATITUDE_MAX)
}

/** The cell so many rows north and columns east; the grid wraps around at its edges. */
export function neighbour(cell: GeoCell, rows: number, columns: number): GeoCell {
  const scale = 2 ** cell.steps
  return {
    steps: cell.steps,
    row: rows === 0 ? cell.row : (cell.row + rows + scale) % scale,
    column: columns === 0 ? cell.column : (cell.column + columns + scale) % scale,
  }
}

/** In meters, on a sphere (haversine). */
export function distanceBetween(
  longitude1: number,
  latitude1: number,
  longitude2: number,
  latitude2: number,
): number {
  const radians1 = latitude1 * RADIANS_PER_DEGREE
  const radians2 = latitude2 * RADIANS_PER_DEGREE
  const v = sine((longitude2 * RADIANS_PER_DEGREE - longitude1 * RADIANS_PER_DEGREE) / 2)
  if (v === 0) return latitudeDistance(latitude1, latitude2)
  const u = sine((radians2 - radians1) / 2)
  const a = u * u + cosine(radians1) * cosine(radians2) * v * v
  return 2 * EARTH_RADIUS_METERS * arcsine(Math.sqrt(a))
}

/** In meters, along a meridian. */
export function latitudeDistance(latitude1: number, latitude2: number): number {
  return (
    EARTH_RADIUS_METERS * Math.abs(latitude2 * RADIANS_PER_DEGREE - latitude1 * RADIANS_PER_DEGREE)
  )
}

/** The box of so many meters around its middle. Each hemisphere measures its width where it is widest. */
export function boundsAround(
  { longitude, latitude }: Readonly<GeoPoint>,
  widthMeters: number,
  heightMeters: number,
): GeoArea {
  const latitudeDelta = heightMeters / 2 / EARTH_RADIUS_METERS / RADIANS_PER_DEGREE
  const outer = latitude < 0 ? latitude - latitudeDelta : latitude + latitudeDelta
  const longitudeDelta =
    widthMeters / 2 / EARTH_RADIUS_METERS / cosine(outer * RADIANS_PER_DEGREE) / RADIANS_PER_DEGREE
  return {
    west: longitude - longitudeDelta,
    east: longitude + longitudeDelta,
    south: latitude - latitudeDelta,
    north: latitude + latitudeDelta,
  }
}

/** Steps at which a cell and its eight neighbours cover the radius as a rule. */
export function stepsForRadius(radiusMeters: number, latitude: number): number {
  if (radiusMeters === 0) return GEOHASH_STEPS
  let steps = 1
  for (let reach = radiusMeters; reach < MERCATOR_MAX_METERS; reach *= 2) steps += 1
  steps -= 2
  // Cells are narrower towards the poles.
  if (Math.abs(latitude) > 66) steps -= Math.abs(latitude) > 80 ? 2 : 1
  return Math.min(GEOHASH_STEPS, Math.max(1, steps))
}

/**
 * What C makes of a double that is no 53-bit integer, on x86-64: below 2^63 an integer with a sign, or the smallest one
 * when it is none; from there on one without, or 0.
 */
function wrapped(score: number): bigint {
  if (score >= TWO_TO_63) return score < 2 * TWO_TO_63 ? BigInt(score) : 0n
  return score >= -TWO_TO_63 ? BigInt.asUintN(64, BigInt(Math.trunc(score))) : BigInt(TWO_TO_63)
}

function clamp(value: number, max: number): number {
  return Math.min(max, Math.max(-max, value))
}

/** The bits of `even`, at most 16, at even places, those of `odd` between them. */
function interleave(even: number, odd: number): number {
  return (spread(even) | (spread(odd) << 1)) >>> 0
}

function spread(value: number): number {
  let bits = value
  bits = (bits | (bits << 8)) & 0x00ff00ff
  bits = (bits | (bits << 4)) & 0x0f0f0f0f
  bits = (bits | (bits << 2)) & 0x33333333
  return (bits | (bits << 1)) & 0x55555555
}

function everySecondBit(value: number): number {
  let bits = value & 0x55555555
  bits = (bits | (bits >>> 1)) & 0x33333333
  bits = (bits | (bits >>> 2)) & 0x0f0f0f0f
  bits = (bits | (bits >>> 4)) & 0x00ff00ff
  return (bits | (bits >>> 8)) & 0x0000ffff
}

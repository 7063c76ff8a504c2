import {
  areaOf,
  bitsOf,
  boundsAround,
  cellOf,
  GEOHASH_STEPS,
  type GeoArea,
  type GeoCell,
  type GeoPoint,
  neighbour,
  stepsForRadius,
} from '../structures/geohash.ts'
import type { GeoShape } from './geo-arguments.ts'

/** Scores from `min` up to `max`, which is not in it. */
export interface ScoreSpan {
  readonly min: number
  readonly max: number
}

/** The order Redis looks at the cells in, as rows to the north and columns to the east. */
const CELLS = [
  [0, 0],
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
  [1, 1],
  [1, -1],
  [-1, 1],
  [-1, -1],
] as const

/**
 * The scores of all cells that together cover the shape: that of its middle, and those around which it reaches
 * into (geohash_helper.c, geohashCalculateAreasByShapeWGS84).
 */
export function spansAround(center: GeoPoint, shape: GeoShape): readonly ScoreSpan[] {
  const bounds = boundsAround(center, shape.widthMeters, shape.heightMeters)
  const halfWidth = shape.widthMeters / 2
  const halfHeight = shape.heightMeters / 2
  const radius =
    shape.kind === 'circle' ? halfWidth : Math.sqrt(halfWidth * halfWidth + halfHeight * halfHeight)
  const steps = stepsForRadius(radius, center.latitude)
  const finest = cellOf(center, steps)
  const cell = steps > 1 && !reaches(finest, bounds) ? cellOf(center, steps - 1) : finest
  return spansOf(cell, bounds)
}

/** Whether the cells around this one reach as far as the bounds. */
function reaches(cell: GeoCell, bounds: GeoArea): boolean {
  return (
    areaOf(neighbour(cell, 1, 0)).north >= bounds.north &&
    areaOf(neighbour(cell, -1, 0)).south <= bounds.south &&
    areaOf(neighbour(cell, 0, 1)).east >= bounds.east &&
    areaOf(neighbour(cell, 0, -1)).west <= bounds.west
  )
}

function spansOf(cell: GeoCell, bounds: GeoArea): readonly ScoreSpan[] {
  const area = areaOf(cell)
  const skips = cell.steps >= 2
  const spans: ScoreSpan[] = []
  for (const [rows, columns] of CELLS) {
    const isUseless =
      skips &&
      ((rows < 0 && area.south < bounds.south) ||
        (rows > 0 && area.north > bounds.north) ||
        (columns < 0 && area.west < bounds.west) ||
        (columns > 0 && area.east > bounds.east))
    if (isUseless) continue
    const span = spanOf(neighbour(cell, rows, columns))
    // Where cells are so large that neighbours are the same, one after the other: once is enough.
    const last = spans.length > 1 ? spans.at(-1) : undefined
    if (last?.min !== span.min) spans.push(span)
  }
  return spans
}

function spanOf(cell: GeoCell): ScoreSpan {
  const scale = 2 ** (2 * (GEOHASH_STEPS - cell.steps))
  const bits = bitsOf(cell)
  return { min: bits * scale, max: (bits + 1) * scale }
}

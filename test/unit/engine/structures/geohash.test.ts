import { describe, expect, it } from 'vitest'
import {
  bitsOf,
  boundsAround,
  cellOf,
  distanceBetween,
  geohashOf,
  neighbour,
  readGeohash,
  stepsForRadius,
} from '../../../../src/engine/structures/geohash.ts'

const PALERMO = { longitude: 13.361389, latitude: 38.115556 }
const CATANIA = { longitude: 15.087269, latitude: 37.502669 }

describe('geohash', () => {
  // What redis-server 7.0.15 gives.
  it.each([
    [PALERMO, 3_479_099_956_230_698],
    [CATANIA, 3_479_447_370_796_909],
    [{ longitude: 0, latitude: 0 }, 3_377_699_720_527_872],
    [{ longitude: -180, latitude: -85.05112878 }, 0],
    [{ longitude: 180, latitude: 85.05112878 }, 13_510_798_882_111_488],
  ])('of %o is %d', (point, score) => expect(geohashOf(point)).toBe(score))

  it('leads back to the middle of the cell', () => {
    const point = { longitude: 0, latitude: 0 }
    readGeohash(geohashOf(PALERMO), point)
    expect(point).toEqual({ longitude: 13.361389338970184, latitude: 38.1155563954963 })
  })

  it.each([-1, 1.5, 1e30, Number.POSITIVE_INFINITY, 2 ** 53])('reads %d as some place', (score) => {
    const point = { longitude: 999, latitude: 999 }
    readGeohash(score, point)
    expect(Math.abs(point.longitude)).toBeLessThanOrEqual(180)
    expect(Math.abs(point.latitude)).toBeLessThanOrEqual(85.05112878)
  })
})

describe('neighbour', () => {
  it('wraps around at the edges of the grid', () => {
    const cell = cellOf({ longitude: -180, latitude: 85 }, 3)
    expect(neighbour(cell, 1, -1)).toEqual({ steps: 3, row: 0, column: 7 })
    expect(bitsOf(neighbour(cell, 0, -1))).toBe(0b111_111)
  })
})

describe('distanceBetween', () => {
  it('measures along the sphere', () => {
    const { longitude, latitude } = PALERMO
    const meters = distanceBetween(longitude, latitude, CATANIA.longitude, CATANIA.latitude)
    expect(meters).toBeCloseTo(166_274.257, 2)
    expect(distanceBetween(longitude, latitude, longitude, latitude)).toBe(0)
  })
})

describe('stepsForRadius', () => {
  it.each([
    [0, 0, 26],
    [1, 0, 24],
    [1, 67, 23],
    [1, -81, 22],
    [200_000, 0, 6],
    [20_037_726, 0, 1],
    [1e9, 0, 1],
  ])('of %d m at latitude %d is %d', (meters, latitude, steps) =>
    expect(stepsForRadius(meters, latitude)).toBe(steps),
  )
})

describe('boundsAround', () => {
  it('is wider towards the pole of its hemisphere', () => {
    const north = boundsAround({ longitude: 0, latitude: 60 }, 200_000, 200_000)
    const south = boundsAround({ longitude: 0, latitude: -60 }, 200_000, 200_000)
    expect(north.east).toBe(south.east)
    expect(north.north).toBe(-south.south)
    const equator = boundsAround({ longitude: 0, latitude: 0 }, 200_000, 200_000)
    expect(north.east).toBeGreaterThan(equator.east * 2)
  })
})

/**
 * Block sizes of the slab: every 16 bytes up to 256, then eight per doubling up to 256 KiB, so that at
 * most an eighth of a block is wasted. Sizes are in units of 16 bytes, the step of a handle.
 */
export const UNIT_BYTES = 16

/** Blocks of a class lie in spans of one page, or of sixteen when the blocks are large. */
const LARGE_SPAN_PAGES = 16
const SMALL_BLOCK_UNITS_MAX = 1_024

const CLASS_UNITS = classUnits()

export const CLASS_COUNT = CLASS_UNITS.length
export const BLOCK_BYTES_MAX = (CLASS_UNITS.at(-1) ?? 0) * UNIT_BYTES

/** Class of a block of so many units, by index. */
const CLASS_OF_UNITS = classOfUnits()

/** The smallest class that holds `bytes`, which is at most BLOCK_BYTES_MAX. */
export function sizeClassOf(bytes: number): number {
  return CLASS_OF_UNITS[(bytes + UNIT_BYTES - 1) >>> 4] ?? 0
}

export function unitsOfClass(sizeClass: number): number {
  return CLASS_UNITS[sizeClass] ?? 0
}

export function spanPagesOfClass(sizeClass: number): number {
  return unitsOfClass(sizeClass) <= SMALL_BLOCK_UNITS_MAX ? 1 : LARGE_SPAN_PAGES
}

function classUnits(): Uint16Array {
  const units: number[] = []
  for (let unit = 1; unit <= 16; unit += 1) units.push(unit)
  for (let base = 16; base < 16_384; base *= 2) {
    for (let step = 1; step <= 8; step += 1) units.push(base + (base * step) / 8)
  }
  return Uint16Array.from(units)
}

function classOfUnits(): Uint8Array {
  const classes = new Uint8Array((CLASS_UNITS.at(-1) ?? 0) + 1)
  let sizeClass = 0
  for (let units = 0; units < classes.length; units += 1) {
    while ((CLASS_UNITS[sizeClass] ?? 0) < units) sizeClass += 1
    classes[units] = sizeClass
  }
  return classes
}

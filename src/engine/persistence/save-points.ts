/** A snapshot is due when so many keys have changed, and so long ago was the last one. */
export interface SavePoint {
  readonly seconds: number
  readonly changes: number
}

/** From the `save` directive: `seconds changes`, once or more. */
export function parseSavePoints(value: string): SavePoint[] {
  const points: SavePoint[] = []
  const words = value.split(' ').filter((word) => word !== '')
  for (let index = 0; index + 1 < words.length; index += 2) {
    points.push({ seconds: Number(words[index]), changes: Number(words[index + 1]) })
  }
  return points
}

/** The first one that is reached. */
export function reachedSavePoint(
  points: readonly SavePoint[],
  changes: number,
  elapsedMs: number,
): SavePoint | undefined {
  return points.find((point) => changes >= point.changes && elapsedMs > point.seconds * 1_000)
}

import type { CommandContext } from '../execution/context.ts'
import type { HandleList } from '../memory/handle-list.ts'

/** How many times larger a collection is than what is wanted of it for single draws to be cheaper (t_set.c). */
const DRAW_STRATEGY_FACTOR = 3

/** A hash or a set, as HRANDFIELD and SRANDMEMBER see it. */
export interface RandomSource {
  readonly size: number
  readonly isPacked: boolean
  readonly position: number
  random(): number
  rewind(): void
  next(): boolean
}

/**
 * `count` different positions, fewer than there are, each choice with the same chance: what a positive count
 * of HRANDFIELD or SRANDMEMBER asks for.
 */
export function differentPositions(
  context: CommandContext,
  source: RandomSource,
  count: number,
): HandleList {
  const { positions } = context.collections
  positions.clear()
  if (source.isPacked) chooseInOrder(context, source, count)
  else if (count * DRAW_STRATEGY_FACTOR > source.size) chooseOfAll(context, source, count)
  else drawSingly(source, count, positions)
  return positions
}

/** One pass, with the chance of each element depending on how many are wanted and left. */
function chooseInOrder(context: CommandContext, source: RandomSource, count: number): void {
  const { positions } = context.collections
  const { random } = context.structures.options
  let left = source.size
  source.rewind()
  while (positions.count < count && source.next()) {
    if (random.next() * left < count - positions.count) positions.push(source.position)
    left -= 1
  }
}

/** The first steps of a shuffle of all. */
function chooseOfAll(context: CommandContext, source: RandomSource, count: number): void {
  const { positions } = context.collections
  const { random } = context.structures.options
  source.rewind()
  while (source.next()) positions.push(source.position)
  for (let index = 0; index < count; index += 1) {
    const other = index + (random.uint32() % (positions.count - index))
    const chosen = positions.at(other)
    positions.set(other, positions.at(index))
    positions.set(index, chosen)
  }
  positions.count = count
}

function drawSingly(source: RandomSource, count: number, positions: HandleList): void {
  // At most a third of what there is: it takes few draws, and less memory than the answer.
  const drawn = new Set<number>()
  while (positions.count < count) {
    const position = source.random()
    if (drawn.has(position)) continue
    drawn.add(position)
    positions.push(position)
  }
}

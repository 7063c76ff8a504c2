import type { CommandContext } from '../execution/context.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { geohashOf } from '../structures/geohash.ts'
import { readPoint } from './geo-arguments.ts'
import { addPlaces } from './sorted-set-add.ts'

/** GEOADD key [NX | XX] [CH] longitude latitude member [longitude latitude member ...] */
export function geoadd(context: CommandContext): void {
  const { argv, reply } = context
  let first = 2
  let isNx = false
  let isXx = false
  for (; first < argv.count; first += 1) {
    if (argv.is(first, 'NX')) isNx = true
    else if (argv.is(first, 'XX')) isXx = true
    else if (!argv.is(first, 'CH')) break
  }
  const rest = argv.count - first
  if (rest % 3 !== 0 || rest === 0 || (isNx && isXx)) return reply.error(replyErrors.syntax)
  const scores: number[] = []
  for (let index = first; index < argv.count; index += 3) {
    const point = readPoint(context, index)
    if (point === undefined) return
    scores.push(geohashOf(point))
  }
  addPlaces(context, first, scores)
}

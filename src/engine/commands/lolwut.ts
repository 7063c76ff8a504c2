import { integerArgument } from '../execution/arguments.ts'
import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { ENGINE_VERSION } from '../version.ts'

const COLUMNS_MAX = 1_000
const ROWS_MAX = 200
/** From calm to crest. */
const WATER = ' .-~=#'

export const lolwutCommands: readonly CommandSpec[] = [
  {
    name: 'lolwut',
    group: 'server',
    since: '5.0.0',
    summary: 'Display some computer art and the Redis version',
    arity: -1,
    flags: ['readonly', 'fast'],
    run: lolwut,
  },
]

/** Draws something: the sea for VERSION 5, a town at night for VERSION 6, nothing for any other. */
function lolwut({ argv, nowMs, reply }: CommandContext): void {
  const hasVersion = argv.count >= 3 && argv.is(1, 'VERSION')
  const version = hasVersion ? integerArgument(argv, 2) : 7
  if (Number.isNaN(version)) return reply.error(replyErrors.notInteger)
  const first = hasVersion ? 3 : 1
  const columns = argv.count > first ? integerArgument(argv, first) : 66
  const rows = argv.count > first + 1 ? integerArgument(argv, first + 1) : 8
  const random = dice(nowMs)
  const size = { columns: clamp(columns, COLUMNS_MAX), rows: clamp(rows, ROWS_MAX) }
  if (version === 5 || version === 6) {
    if (Number.isNaN(columns) || Number.isNaN(rows)) return reply.error(replyErrors.notInteger)
    const drawing = version === 5 ? sea(size, random) : town(size, random)
    reply.verbatim(`${drawing.join('\n')}\n\nRedis ver. ${ENGINE_VERSION}\n`)
  } else reply.verbatim(`Redis ver. ${ENGINE_VERSION}\n`)
}

interface Size {
  readonly columns: number
  readonly rows: number
}

/** Numbers from 0 to 1. What is drawn need not surprise anybody who knows the time. */
function dice(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function clamp(value: number, max: number): number {
  return Math.min(max, Math.max(1, value))
}

/** Waves that run into each other, longer towards the horizon. */
function sea({ columns, rows }: Size, random: () => number): string[] {
  const phases = Array.from({ length: 3 }, () => random() * Math.PI * 2)
  return Array.from({ length: rows }, (_row, row) => {
    let line = ''
    for (let column = 0; column < columns; column += 1) {
      let height = 0
      for (const [index, phase] of phases.entries()) {
        height += Math.sin((column * (index + 1)) / (4 + row) + row * (index + 0.5) + phase)
      }
      line += WATER.charAt(Math.floor(((height + 3) / 6.001) * WATER.length))
    }
    return line
  })
}

/** Houses of chance heights, some windows lit, stars above. */
function town({ columns, rows }: Size, random: () => number): string[] {
  const lines = Array.from({ length: rows }, () => '')
  for (let column = 0; column < columns; ) {
    const width = Math.min(columns - column, 4 + Math.floor(random() * 6))
    const height = Math.floor(random() * rows)
    for (let row = 0; row < rows; row += 1) {
      const fromGround = rows - row
      lines[row] += house({ width, height, fromGround }, random)
    }
    column += width
  }
  return lines
}

function house(
  part: { readonly width: number; readonly height: number; readonly fromGround: number },
  random: () => number,
): string {
  const { width, height, fromGround } = part
  let text = ''
  for (let at = 0; at < width; at += 1) {
    const isWall = at === 0 || at === width - 1
    if (fromGround > height + 1) text += random() < 0.04 ? '*' : ' '
    else if (fromGround === height + 1) text += '_'
    else if (isWall) text += '|'
    else text += random() < 0.3 ? '+' : ' '
  }
  return text
}

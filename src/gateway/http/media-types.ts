import { TwoGenerationMap } from '../../shared/two-generation-map.ts'

/** What an answer of /v1/graphql is sent as: `application/json`, or `application/graphql-response+json`. */
export type MediaType = 'json' | 'graphql-response'

const NAMES: readonly (readonly [MediaType, name: string])[] = [
  ['json', 'application/json'],
  ['graphql-response', 'application/graphql-response+json'],
]

/** Applications send a handful of Accept headers; longer ones are read anew each time. */
const HEADERS_MAX = 256
const HEADER_LENGTH_MAX = 512

/** Chooses by the Accept header, as RFC 9110, section 12.5.1, and the draft of GraphQL over HTTP have it. */
export class MediaTypes {
  readonly #chosen = new TwoGenerationMap<string, MediaType | 'none'>(HEADERS_MAX)

  /** `undefined` when the client takes neither. Without a preference it is `json`, which Hasura sends. */
  of(accept: string | undefined): MediaType | undefined {
    if (accept === undefined || accept === '*/*') return 'json'
    let chosen = this.#chosen.get(accept)
    if (chosen === undefined) {
      chosen = negotiate(accept) ?? 'none'
      if (accept.length <= HEADER_LENGTH_MAX) this.#chosen.set(accept, chosen)
    }
    return chosen === 'none' ? undefined : chosen
  }
}

interface MediaRange {
  readonly name: string
  readonly quality: number
  /** In the header: the first of equals wins. */
  readonly position: number
}

/** How well a type suits the client; the larger is better, member by member. */
type Rank = readonly [quality: number, specificity: number, position: number]

function negotiate(accept: string): MediaType | undefined {
  if (accept.trim() === '') return 'json'
  const ranges = accept.split(',').flatMap(readRange)
  let best: { readonly type: MediaType; readonly rank: Rank } | undefined
  for (const [type, name] of NAMES) {
    const rank = rankOf(name, ranges)
    if (rank === undefined) continue
    if (best === undefined || isBetter(rank, best.rank)) best = { type, rank }
  }
  return best?.type
}

const CHARSET = /^charset="?utf-?8"?$/i
const QUALITY = /^q=([01](?:\.\d{0,3})?)$/i

/** No range for what cannot be read, and for a character set that no answer has. */
function readRange(text: string, position: number): readonly MediaRange[] {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim())
  let quality = 1
  for (const parameter of parameters) {
    const lower = parameter.toLowerCase()
    if (lower.startsWith('charset=') && !CHARSET.test(parameter)) return []
    if (!lower.startsWith('q=')) continue
    const [, value] = QUALITY.exec(parameter) ?? []
    if (value === undefined) return []
    quality = Number(value)
  }
  return name === '' ? [] : [{ name: name.toLowerCase(), quality, position }]
}

/** By the most specific range that names the type; `undefined` when none does, or it says `q=0`. */
function rankOf(name: string, ranges: readonly MediaRange[]): Rank | undefined {
  const patterns = [name, 'application/*', '*/*']
  for (const [index, pattern] of patterns.entries()) {
    const range = ranges.find((candidate) => candidate.name === pattern)
    if (range === undefined) continue
    return range.quality === 0 ? undefined : [range.quality, -index, -range.position]
  }
  return undefined
}

function isBetter(one: Rank, other: Rank): boolean {
  for (const [index, value] of one.entries()) {
    const than = other[index] ?? 0
    if (value !== than) return value > than
  }
  return false
}

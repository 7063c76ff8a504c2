import { TwoGenerationMap } from '../../shared/two-generation-map.ts'
import type { Encoding } from './encoding.ts'

/** Applications send a handful of values; longer ones are read anew each time. */
const VALUES_MAX = 1_000
const VALUE_LENGTH_MAX = 512

/** Chooses how an answer is sent, by Accept-Encoding. Each distinct value is read once. */
export class AcceptedEncodings {
  readonly #chosen = new TwoGenerationMap<string, Encoding>(VALUES_MAX)

  of(header: string | undefined): Encoding {
    if (header === undefined) return 'identity'
    let chosen = this.#chosen.get(header)
    if (chosen === undefined) {
      chosen = chooseEncoding(header)
      if (header.length <= VALUE_LENGTH_MAX) this.#chosen.set(header, chosen)
    }
    return chosen
  }
}

/** Ours, the smaller one first: among those that the client likes as much, the first is taken. */
const OFFERED: readonly Encoding[] = ['br', 'gzip', 'identity']
/** What is not named is acceptable, and less welcome than anything that is: RFC 9110, section 12.5.3. */
const UNNAMED_IDENTITY = 1e-4
const WEIGHT = /^q=((?:0(?:\.\d{0,3})?)|(?:1(?:\.0{0,3})?))$/

/**
 * The encoding a client prefers among those we have. What accepts none of them gets the answer as it is: the
 * RFC lets a server take such a field for not sent.
 */
export function chooseEncoding(header: string): Encoding {
  const weights = readWeights(header)
  const rest = weights.get('*')
  let chosen: Encoding = 'identity'
  let best = 0
  for (const encoding of OFFERED) {
    const unnamed = rest ?? (encoding === 'identity' ? UNNAMED_IDENTITY : 0)
    const weight = weights.get(encoding) ?? unnamed
    if (weight > best) {
      best = weight
      chosen = encoding
    }
  }
  return chosen
}

function readWeights(header: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>()
  for (const part of header.toLowerCase().split(',')) {
    const [coding = '', parameter, ...others] = part.split(';').map((piece) => piece.trim())
    const weight = parameter === undefined ? '1' : WEIGHT.exec(parameter)?.[1]
    if (weight === undefined || others.length > 0) continue
    weights.set(coding === 'x-gzip' ? 'gzip' : coding, Number(weight))
  }
  return weights
}

import type { Encoding } from './encoding.ts'

/** Clients send few distinct values; who sends many must not fill the memory. */
const VALUES_MAX = 1_000

/** Chooses how an answer is sent, by Accept-Encoding. Each distinct value is read once. */
export class AcceptedEncodings {
  readonly #chosen = new Map<string, Encoding>()

  of(header: string | undefined): Encoding {
    if (header === undefined) return 'identity'
    const known = this.#chosen.get(header)
    if (known !== undefined) return known
    if (this.#chosen.size >= VALUES_MAX) this.#chosen.clear()
    const chosen = chooseEncoding(header)
    this.#chosen.set(header, chosen)
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

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { chooseEncoding } from '../../../../src/gateway/cache/accept-encoding.ts'
import { GatewayError } from '../../../../src/gateway/errors.ts'
import { bodyOfQueryString } from '../../../../src/gateway/graphql/query-string.ts'
import { REQUEST_LINE, readLaneHead } from '../../../../src/gateway/http/fast-lane/lane-head.ts'
import { MediaTypes } from '../../../../src/gateway/http/media-types.ts'
import { cookieValues } from '../../../../src/gateway/identity/cookie-header.ts'
import { withoutSuggestions } from '../../../../src/gateway/limits/suggestions.ts'
import type { RequestLimits } from '../../../../src/gateway/options.ts'
import { LIMITS, preparer } from '../../../support/prepare.ts'

/** The defaults of the configuration. */
const DEFAULTS: RequestLimits = {
  ...LIMITS,
  bodyBytesMax: 1_048_576,
  documentLengthMax: 262_144,
  tokensMax: 10_000,
  depthMax: 50,
  nodesMax: 1_000,
  aliasesMax: 1_000,
  rootFieldsMax: 500,
  directivesMax: 1_000,
  batchMax: 100,
  jsonDepthMax: 100,
  variablesBytesMax: 1_048_576,
  variablesDepthMax: 64,
}
const CPU_MAX_MS = 10
/** The machine may do much else: the best of some runs is what the work takes. */
const RUNS = 15
const MEGABYTE = 1_000_000
/** What a document may be long. */
const LONG = 262_000
const US_PER_MS = 1_000

/** CPU of the fastest of some runs; whatever it throws but refusals fails. */
function cpuMs(work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY
  for (let run = 0; run < RUNS; run += 1) {
    const start = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(start)
    best = Math.min(best, (user + system) / US_PER_MS)
  }
  return best
}

function codeOf(work: () => unknown): string {
  try {
    work()
    return 'none'
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return error.code
  }
}

const jsonBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text)) - 2
const filled = (text: string, length = MEGABYTE): string =>
  text.repeat(Math.ceil(length / text.length))
const list = (count: number, item: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => item(index)).join(' ')

/** Each fragment spreads the next one `times` times. */
const fanOut = (count: number, times: number): string =>
  `{ ...F0 } ${list(count, (index) => `fragment F${index} on T { ${`...F${index + 1} `.repeat(times)} }`)} fragment F${count} on T { a { b } }`

const circle = (count: number): string =>
  `{ ...F0 } ${list(count, (index) => `fragment F${index} on T { a { ...F${(index + 1) % count} } }`)}`

const DOCUMENTS: readonly (readonly [what: string, code: string, query: string])[] = [
  ['depth of 10,000', 'depth-limit-exceeded', '{a'.repeat(10_000) + '}'.repeat(10_000)],
  ['depth of 60', 'depth-limit-exceeded', '{a'.repeat(60) + '}'.repeat(60)],
  ['arguments 10,000 deep', 'depth-limit-exceeded', `{ a(b: ${'['.repeat(10_000)}) }`],
  ['10,000 aliases', 'token-limit-exceeded', `{ ${list(10_000, (index) => `a${index}:a`)} }`],
  ['3,000 aliases', 'alias-limit-exceeded', `{ ${list(3_000, (index) => `a${index}:a`)} }`],
  ['3,000 root fields', 'root-field-limit-exceeded', `{ ${list(3_000, (index) => `a${index}`)} }`],
  ['2,000 nodes', 'node-limit-exceeded', `{ ${list(2_000, () => 'a{b}')} }`],
  ['10,000 directives', 'token-limit-exceeded', `{ a ${'@b '.repeat(10_000)} }`],
  ['4,000 directives', 'directive-limit-exceeded', `{ a ${'@b '.repeat(4_000)} }`],
  ['fragments that unfold to 2^30', 'node-limit-exceeded', fanOut(30, 2)],
  ['fragments that unfold to 10^90', 'node-limit-exceeded', fanOut(90, 10)],
  ['a chain of 500 fragments', 'depth-limit-exceeded', fanOut(500, 1)],
  ['a fragment in itself', 'validation-failed', circle(1)],
  ['a circle of 49 fragments', 'validation-failed', circle(49)],
  ['a circle of 500 fragments', 'depth-limit-exceeded', circle(500)],
  ['an open string', 'validation-failed', `{ a(b: "${filled('x', LONG)}`],
  ['an open block string', 'validation-failed', `{ a(b: """${filled('\\"""', LONG)}`],
  ['quotes', 'token-limit-exceeded', `{ a(b: ${filled('"', LONG)}`],
  ['backslashes in a block string', 'validation-failed', `{ a(b: """${filled('\\', LONG)}"""`],
  ['lines', 'token-limit-exceeded', filled('\n', LONG)],
  ['carriage returns', 'token-limit-exceeded', filled('\r', LONG)],
  ['as many lines as may be', 'validation-failed', filled('\n', 10_000)],
  ['lines in a block string', 'token-limit-exceeded', `{ a(b: """${filled('\n', LONG)}""") }`],
  ['spaces', 'validation-failed', `{ a ${filled(' ', LONG)}`],
  ['a comment', 'validation-failed', `{ a #${filled('x', LONG)}`],
  ['commas', 'validation-failed', `{ a ${filled(',', LONG)}`],
  ['a name', 'validation-failed', `{ ${filled('a', LONG)}`],
  ['a number', 'validation-failed', `{ a(b: ${filled('1', LONG)}`],
  ['dots', 'token-limit-exceeded', `{ ${filled('.', LONG)}`],
  ...['x', ' ', '"', '#', '1', '{a', '\u{1f600}'].map(
    (text) =>
      [
        `a MB of ${text}`,
        'document-limit-exceeded',
        `{ ${text.repeat(MEGABYTE / jsonBytes(text))}`,
      ] as const,
  ),
]

const BODIES: readonly (readonly [what: string, code: string, body: string])[] = [
  ['a MB of spaces', 'invalid-json', filled(' ')],
  ['a MB of an open string', 'invalid-json', `{"query":"${filled('x')}`],
  ['a MB of escapes', 'invalid-json', `{"query":"${filled('\\"')}`],
  ['a MB of bad escapes', 'invalid-json', `{"query":"${filled('\\x')}"}`],
  ['a MB of a number', 'invalid-json', `{"query":${filled('1')}`],
  ['a MB of digits behind a point', 'invalid-json', `{"query":1.${filled('1')}e`],
  ['a MB of opening brackets', 'invalid-json', filled('[')],
  ['a MB of a minus', 'invalid-json', `{"query":${filled('-')}`],
  [
    '100 too many in a batch',
    'batch-limit-exceeded',
    `[${list(200, () => '{"query":"{a}"}').replaceAll(' ', ',')}]`,
  ],
  [
    'variables 65 deep',
    'variables-limit-exceeded',
    `{"query":"{a}","variables":{"v":${'['.repeat(64)}${']'.repeat(64)}}}`,
  ],
]

const requests = preparer(DEFAULTS)

describe('a hostile document', () => {
  it.each(DOCUMENTS)(
    `of %s is refused with %s in under ${CPU_MAX_MS} ms of CPU`,
    (_what, code, query) => {
      const body = Buffer.from(JSON.stringify({ query }))
      const prepare = (): string => codeOf(() => requests.prepare(body))
      expect(prepare()).toBe(code)
      expect(cpuMs(prepare)).toBeLessThan(CPU_MAX_MS)
    },
  )
})

describe('a hostile body', () => {
  it.each(BODIES)(
    `of %s is refused with %s in under ${CPU_MAX_MS} ms of CPU`,
    (_what, code, text) => {
      const body = Buffer.from(text)
      const prepare = (): string => codeOf(() => requests.prepare(body))
      expect(prepare()).toBe(code)
      expect(cpuMs(prepare)).toBeLessThan(CPU_MAX_MS)
    },
  )

  it('leaves nothing in memory', () => {
    const bodies = [
      ...DOCUMENTS.map(([, , query]) => JSON.stringify({ query })),
      ...BODIES.map(([, , body]) => body),
    ]
    const prepareAll = (): void => {
      for (const body of bodies) codeOf(() => requests.prepare(Buffer.from(body)))
    }
    prepareAll()
    const before = heapBytes()
    for (let round = 0; round < 5; round += 1) prepareAll()
    expect(heapBytes() - before).toBeLessThan(MEGABYTE)
  })
})

/** What is left once all that nobody holds is gone. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect !== 'function') throw new Error('garbage can be collected')
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** HTTP lets 16 KB of them come. That a MB takes no longer than this shows that their readers are linear. */
const NEAR_MISSES: readonly (readonly [reader: string, work: () => unknown])[] = [
  ['the query string', () => bodyOfQueryString(`/v1/graphql?${filled('query')}`, DEFAULTS)],
  [
    'parameters',
    () => codeOf(() => bodyOfQueryString(`/v1/graphql?query=${filled('%2')}`, DEFAULTS)),
  ],
  ['Accept', () => new MediaTypes().of(filled('a/b;q=0.0001;'))],
  ['Accept of spaces', () => new MediaTypes().of(filled(' '))],
  ['Accept-Encoding', () => chooseEncoding(`br;q=0.${filled('0')}`)],
  ['Accept-Encoding of spaces', () => chooseEncoding(`${filled(' ')}x`)],
  ['Cookie', () => cookieValues(filled('gerbang-session '), 'gerbang-session')],
  ['a head of spaces', () => readLaneHead(`${REQUEST_LINE}A:${filled(' ')}\u0001`)],
  ['a head of words', () => readLaneHead(`${REQUEST_LINE}A:${filled('x ')}\u0001`)],
  ['a head of name characters', () => readLaneHead(`${REQUEST_LINE}${filled('A')}`)],
  [
    'errors',
    () =>
      withoutSuggestions(
        Buffer.from(JSON.stringify({ errors: [{ message: filled('Did you mean ') }] })),
      ),
  ],
]

describe('a near miss of a MB', () => {
  it.each(NEAR_MISSES)(
    `costs the reader of %s no more than ${CPU_MAX_MS * 5} ms of CPU`,
    (_reader, work) => {
      expect(cpuMs(work)).toBeLessThan(CPU_MAX_MS * 5)
    },
  )
})

export interface ParsedFamily {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly samples: readonly ParsedSample[]
}

export interface ParsedSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

interface OpenFamily {
  name: string
  type: string
  help: string
  samples: ParsedSample[]
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
/** One pair, then a comma or the end; in quotes only `\\`, `\"` and `\n` are escapes. */
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,(?=.)|$)/y
const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped']

/**
 * Prometheus' text format 0.0.4, read strictly: HELP and TYPE once and in front of the samples, a family in
 * one piece, names and escapes as the format defines them, no series twice, whole histograms. Throws on the rest.
 */
export function parseExposition(text: string): ReadonlyMap<string, ParsedFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const families = new Map<string, OpenFamily>()
  const series = new Set<string>()
  let family: OpenFamily | undefined
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (keyword === 'HELP') {
      if (families.has(name) || !NAME.test(name)) throw new Error(`a second or bad HELP: ${line}`)
      family = { name, type: '', help: rest, samples: [] }
      families.set(name, family)
    } else if (keyword === 'TYPE') {
      if (family?.name !== name || family.type !== '' || family.samples.length > 0) {
        throw new Error(`TYPE does not follow its HELP: ${line}`)
      }
      if (!TYPES.includes(rest)) throw new Error(`no such type: ${line}`)
      family.type = rest
    } else {
      const sample = parseSample(line)
      if (family === undefined || family.type === '' || !belongs(sample.name, family)) {
        throw new Error(`a sample outside its family: ${line}`)
      }
      const labels = Object.entries(sample.labels).map((pair) => JSON.stringify(pair))
      const id = `${sample.name} ${labels.sort().join()}`
      if (series.has(id)) throw new Error(`a series occurs twice: ${line}`)
      series.add(id)
      family.samples.push(sample)
    }
  }
  for (const { type, samples, name } of families.values()) {
    if (type === 'histogram') checkHistogram(name, samples)
  }
  return families
}

function parseSample(line: string): ParsedSample {
  const [, name = '', pairs = '', number = ''] = SAMPLE.exec(line) ?? []
  const value = number === '+Inf' ? Number.POSITIVE_INFINITY : Number(number)
  if (name === '' || number === '' || Number.isNaN(value)) throw new Error(`no sample: ${line}`)
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < pairs.length) {
    const [, label = '', escaped = ''] = LABEL.exec(pairs) ?? []
    if (label === '' || Object.hasOwn(labels, label)) throw new Error(`bad labels: ${line}`)
    labels[label] = escaped.replace(/\\(.)/g, (_all, char: string) => (char === 'n' ? '\n' : char))
  }
  return { name, labels, value }
}

function belongs(sample: string, { name, type }: OpenFamily): boolean {
  const suffixes: Readonly<Record<string, readonly string[]>> = {
    histogram: ['_bucket', '_sum', '_count'],
    summary: ['', '_sum', '_count'],
  }
  return (suffixes[type] ?? ['']).some((suffix) => sample === `${name}${suffix}`)
}

/** Buckets that only grow and end in +Inf, which is the count. */
function checkHistogram(name: string, samples: readonly ParsedSample[]): void {
  const groups = new Map<string, ParsedSample[]>()
  for (const sample of samples) {
    const { le: _bound, ...labels } = sample.labels
    const id = JSON.stringify(labels)
    groups.set(id, [...(groups.get(id) ?? []), sample])
  }
  for (const [id, group] of groups) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`)
    const count = group.find((sample) => sample.name === `${name}_count`)?.value
    const hasSum = group.some((sample) => sample.name === `${name}_sum`)
    const isAscending = buckets.every(
      ({ labels, value }, index) =>
        index === 0 ||
        (value >= (buckets[index - 1]?.value ?? 0) &&
          boundOf(labels) > boundOf(buckets[index - 1]?.labels ?? {})),
    )
    const last = buckets.at(-1)
    if (!hasSum || !isAscending || last?.labels['le'] !== '+Inf' || last.value !== count) {
      throw new Error(`a histogram is not whole: ${name} ${id}`)
    }
  }
}

function boundOf({ le = '' }: Readonly<Record<string, string>>): number {
  return le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)
}

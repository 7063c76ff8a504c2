import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { catalogText } from '../catalog-text.ts'
import { type Session, sessionOf } from './asker.ts'
import type { Project } from './project.ts'
import type { Question } from './question.ts'
import { Refused, type Use } from './use.ts'

/** One way to ask a question. */
export interface Asked {
  readonly question: Question
  /** Which of its values each variable has. */
  readonly choices: ReadonlyMap<string, number>
  readonly variables: Readonly<Record<string, unknown>>
}

/** What a mutation changes. */
export interface Write {
  readonly text: string
  /** `undefined` for one that may change anything. */
  readonly table: string | undefined
  /** `undefined` when it names no row. */
  readonly row: number | undefined
}

const HEADERS_TOLD = ['x-client', 'x-tenant'] as const

/**
 * A Hasura that holds nothing but counters of writes: it answers with what its permissions use of the session,
 * and with the counters of what they look at. Each answer depends on exactly what it shows.
 */
export class ModelUpstream {
  /** What was asked over HTTP. */
  requests = 0
  lastWriteAnswer = ''
  #project: Project
  readonly #asked = new Map<string, Asked>()
  readonly #writes = new Map<string, Write>()
  readonly #counters = new Map<Use, number>()
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      this.#respond(request.url ?? '', request.headers, Buffer.concat(chunks).toString(), response)
    })
  })

  constructor(project: Project) {
    this.#project = project
  }

  get url(): string {
    const address = this.#server.address()
    if (typeof address !== 'object' || address === null) throw new Error('it was not started')
    return `http://127.0.0.1:${address.port}`
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  /** Another Hasura, where nothing was written yet. */
  become(project: Project): void {
    this.#project = project
    this.#asked.clear()
    this.#writes.clear()
    this.#counters.clear()
  }

  expectQuestion(asked: Asked): void {
    for (const text of asked.question.texts) this.#asked.set(keyOf(text, asked.variables), asked)
  }

  expectWrite(write: Write): void {
    this.#writes.set(write.text, write)
  }

  /** What a client with these headers is answered now. */
  answer({ question, choices, variables }: Asked, headers: IncomingHttpHeaders): string {
    const session = sessionOf(headers)
    const { role } = session
    const uses = new Set<Use>()
    try {
      question.reach({ project: this.#project, role, choices, see: (use) => uses.add(use) })
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      return REFUSAL
    }
    const shown = [...uses].sort().map((use) => [use, this.#show(use, session, headers)])
    const [asks] = question.texts
    const data = { asks, variables, role, epoch: this.#count('everything'), shown }
    return JSON.stringify({ data })
  }

  #show(use: Use, { variables }: Session, headers: IncomingHttpHeaders): unknown {
    if (use.startsWith('x-hasura-')) return variables.get(use) ?? null
    if (use === 'session') return [...variables].sort(([one], [other]) => (one < other ? -1 : 1))
    if (use === 'headers') return HEADERS_TOLD.map((name) => headers[name] ?? null)
    const [kind, table] = use.split(' ')
    if (kind === 'row') return [this.#count(use), this.#count(`unnamed ${table}`)]
    return this.#count(use)
  }

  #count(use: Use): number {
    return this.#counters.get(use) ?? 0
  }

  #write({ table, row }: Write): void {
    const changed = table === undefined ? ['everything'] : [`rows ${table}`]
    if (table !== undefined)
      changed.push(row === undefined ? `unnamed ${table}` : `row ${table} ${row}`)
    for (const use of [...changed, 'any']) this.#counters.set(use, this.#count(use) + 1)
  }

  #respond(
    path: string,
    headers: IncomingHttpHeaders,
    body: string,
    response: ServerResponse,
  ): void {
    response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8' })
    if (path === '/v1/metadata') {
      const { resourceVersion } = this.#project
      response.end(
        JSON.stringify({ resource_version: resourceVersion, metadata: this.#project.exported() }),
      )
      return
    }
    if (path === '/v2/query') {
      const text = catalogText(this.#project.catalog())
      const answer = { result_type: 'TuplesOk', result: [['catalog'], [text]] }
      response.end(JSON.stringify(this.#project.hasCatalog ? answer : { error: 'no database' }))
      return
    }
    this.requests += 1
    const { query, variables } = JSON.parse(body)
    response.end(this.#execute(query, variables, headers))
  }

  #execute(query: string, variables: unknown, headers: IncomingHttpHeaders): string {
    const write = this.#writes.get(query)
    if (write !== undefined) {
      this.#write(write)
      this.lastWriteAnswer = JSON.stringify({ data: { written: this.#count('any') } })
      return this.lastWriteAnswer
    }
    const asked = this.#asked.get(keyOf(query, variables ?? {}))
    return asked === undefined ? UNKNOWN : this.answer(asked, headers)
  }
}

const REFUSAL = JSON.stringify({
  errors: [{ message: 'field not found', extensions: { path: '$', code: 'validation-failed' } }],
})
const UNKNOWN = JSON.stringify({ errors: [{ message: 'nobody was expected to ask this' }] })

function keyOf(text: string, variables: unknown): string {
  return `${text}\n${JSON.stringify(variables, sorted)}`
}

/** Members by their names: requests are also forwarded in a canonical form. */
function sorted(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
}

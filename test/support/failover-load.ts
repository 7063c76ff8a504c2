import { setTimeout as sleep } from 'node:timers/promises'
import { nth } from '../../src/shared/assert.ts'
import type { Random } from '../../src/shared/random.ts'
import type { Asked } from './ask.ts'
import { Browser } from './browser.ts'
import { READ_OWN, READ_ROW, WRITE_ROW } from './row-upstream.ts'
import { userToken } from './user-token.ts'

const ROWS = 20
const SESSIONS_MAX = 200
/** An end that was answered is known to every gateway after so long. */
const END_KNOWN_MS = 2_000

interface Member {
  readonly user: string
  browser: Browser
  /** Nothing else is done with it: its cookies change. */
  isBusy: boolean
}

interface Failure {
  readonly atMs: number
  readonly what: string
}

/**
 * Clients of two gateways: they read, write and read what they wrote at either, sign in, renew their sessions and sign
 * out. Each answer is held against what was answered before it was asked for.
 */
export class FailoverLoad {
  /** Where requests go: a load balancer's idea of who is there. */
  urls: readonly string[]
  readonly wrong: string[] = []
  readonly lost: string[] = []
  readonly errors: Failure[] = []
  requests = 0
  hits = 0
  logins = 0
  refreshes = 0
  ends = 0
  readonly #random: Random
  readonly #told = Array.from({ length: ROWS }, () => 0)
  readonly #members: Member[] = []
  readonly #underWay = new Set<Promise<void>>()
  #users = 0
  #isOver = false
  #pacing: Promise<void> | undefined

  constructor(urls: readonly string[], random: Random) {
    this.urls = urls
    this.#random = random
  }

  /** So many things to do each second, however long each takes. */
  begin(perSecond: number): void {
    this.#pacing = this.#pace(perSecond)
  }

  async end(): Promise<void> {
    this.#isOver = true
    await this.#pacing
    await Promise.all(this.#underWay)
  }

  get sessions(): number {
    return this.#members.length
  }

  /** Every session that was answered, at every gateway. */
  async checkSessions(): Promise<void> {
    for (const member of this.#members)
      for (const url of this.urls) await this.#readOwn(member, url)
  }

  async #pace(perSecond: number): Promise<void> {
    const beganAtMs = performance.now()
    let begun = 0
    while (!this.#isOver) {
      const due = ((performance.now() - beganAtMs) / 1_000) * perSecond
      for (; begun < due; begun += 1) this.#do()
      await sleep(5)
    }
  }

  #do(): void {
    const work = this.#act().finally(() => this.#underWay.delete(work))
    this.#underWay.add(work)
  }

  async #act(): Promise<void> {
    const drawn = this.#random.next()
    const member = this.#idleMember()
    if (member === undefined || (drawn < 0.04 && this.#members.length < SESSIONS_MAX)) {
      await this.#login()
    } else if (drawn < 0.1) await this.#refresh(member)
    else if (drawn < 0.11) await this.#logout(member)
    else if (drawn < 0.16) await this.#write(member)
    else if (drawn < 0.3) await this.#readOwn(member, this.#url())
    else await this.#readRow(member, this.#random.uint32() % ROWS)
  }

  async #login(): Promise<void> {
    this.#users += 1
    const user = `user-${this.#users}`
    const browser = new Browser(this.#url())
    const answer = await this.#sent(() => browser.login(userToken(user)))
    if (answer?.status !== 201) return
    this.logins += 1
    const member = { user, browser, isBusy: false }
    this.#members.push(member)
    // At once, and wherever.
    await this.#readOwn(member, this.#url())
  }

  async #refresh(member: Member): Promise<void> {
    member.isBusy = true
    const tab = member.browser.copy(this.#url())
    const answer = await this.#sent(() => tab.send('POST', '/session/refresh'))
    // Whether it was done is not known, nor what is good now.
    if (answer === undefined) return this.#forget(member)
    if (answer.status !== 200) return this.#lose(member, answer, 'a refresh')
    this.refreshes += 1
    member.browser = tab
    member.isBusy = false
    await this.#readOwn(member, this.#url())
  }

  async #logout(member: Member): Promise<void> {
    member.isBusy = true
    this.#forget(member)
    const { browser } = member
    const tab = browser.copy(this.#url())
    const answer = await this.#sent(() => tab.send('DELETE', '/session'))
    if (answer?.status !== 204) return
    this.ends += 1
    await sleep(END_KNOWN_MS)
    const later = await this.#sent(() => browser.copy(this.#url()).ask(READ_OWN))
    if (later?.status === 200 && later.text.includes(member.user)) {
      this.wrong.push(`a session was good after its end: ${later.text}`)
    }
  }

  async #readOwn(member: Member, url: string): Promise<void> {
    const { browser } = member
    const answer = await this.#sent(() => browser.copy(url).ask(READ_OWN))
    if (answer === undefined || member.isBusy) return
    if (answer.text === JSON.stringify({ data: { orders: [{ user_id: member.user }] } })) return
    if (answer.text.includes('user_id')) this.wrong.push(`${member.user} got ${answer.text}`)
    // What was sent before a refresh may rightly be refused: it was under way for long, or there were two.
    else if (browser !== member.browser) await this.#readOwn(member, url)
    else this.#lose(member, answer, `a read at ${url}`)
  }

  async #readRow(member: Member, id: number): Promise<void> {
    const told = nth(this.#told, id)
    const url = this.#url()
    const answer = await this.#sent(() => this.#askRow(member, url, READ_ROW, id))
    const version = versionIn(answer)
    if (version !== undefined && version < told) {
      const status = String(answer?.headers['cache-status'])
      this.wrong.push(`row ${id}: ${version}, told ${told}, at ${url}: ${status}`)
    }
  }

  async #write(member: Member): Promise<void> {
    const id = this.#random.uint32() % ROWS
    const answer = await this.#sent(() => this.#askRow(member, this.#url(), WRITE_ROW, id))
    const version = versionIn(answer)
    if (version === undefined) return
    this.#told[id] = Math.max(nth(this.#told, id), version)
    for (const url of this.urls) {
      const read = await this.#sent(() => this.#askRow(member, url, READ_ROW, id))
      const seen = versionIn(read)
      if (seen !== undefined && seen < version) {
        this.wrong.push(`row ${id} just written: ${seen}, told ${version}, at ${url}`)
      }
    }
  }

  async #askRow(member: Member, url: string, query: string, id: number): Promise<Asked> {
    return await member.browser.copy(url).ask({ query, variables: { id } })
  }

  /** `undefined` for what was answered with a failure, or not at all. */
  async #sent(send: () => Promise<Asked>): Promise<Asked | undefined> {
    this.requests += 1
    try {
      const answer = await send()
      if (answer.status < 500) {
        if (String(answer.headers['cache-status']).includes('hit')) this.hits += 1
        return answer
      }
      this.errors.push({ atMs: performance.now(), what: `${answer.status} ${answer.text}` })
    } catch (error) {
      this.errors.push({ atMs: performance.now(), what: String(error) })
    }
    return undefined
  }

  #lose(member: Member, { status, text }: Asked, what: string): void {
    this.lost.push(`${member.user}: ${status} ${text} at ${what}`)
    this.#forget(member)
  }

  #forget(member: Member): void {
    const at = this.#members.indexOf(member)
    if (at >= 0) this.#members.splice(at, 1)
  }

  #idleMember(): Member | undefined {
    const member = this.#members[this.#random.uint32() % Math.max(1, this.#members.length)]
    return member?.isBusy === true ? undefined : member
  }

  #url(): string {
    return nth(this.urls, this.#random.uint32() % this.urls.length)
  }
}

function versionIn(answer: Asked | undefined): number | undefined {
  const match = /"version":(\d+)/.exec(answer?.text ?? '')
  return match === null ? undefined : Number(match[1])
}

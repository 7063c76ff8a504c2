import type { Random } from '../../shared/random.ts'

const ID_BYTES = 20
export const NO_REPLICATION_ID = '0'.repeat(2 * ID_BYTES)
const NO_OFFSET = -1

/**
 * The name of the data's history, 40 hexadecimal digits: whoever has the same name and offset has the same data. The
 * second name is that of the primary this one followed before it was promoted: valid up to `secondOffset`, so that
 * those who followed it, too, need no full copy.
 */
export class ReplicationHistory {
  id: string
  secondId = NO_REPLICATION_ID
  secondOffset = NO_OFFSET
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
    this.id = this.#newId()
  }

  /** A new history begins: no one can go on from before. */
  begin(): void {
    this.id = this.#newId()
    this.forgetSecond()
  }

  /** A new history that is the same as the old one up to (and without) the byte at `offset`. */
  branch(offset: number): void {
    this.#keepAsSecond(offset)
    this.id = this.#newId()
  }

  /** Follows the history `id`; what came before `offset` is the same as it was. */
  continueAs(id: string, offset: number): void {
    this.#keepAsSecond(offset)
    this.id = id
  }

  /** A new history that goes on from one of before a restart. */
  recall(id: string, offset: number): void {
    this.secondId = id
    this.secondOffset = offset
  }

  /** Has a copy of another history. */
  adopt(id: string): void {
    this.id = id
    this.forgetSecond()
  }

  forgetSecond(): void {
    this.secondId = NO_REPLICATION_ID
    this.secondOffset = NO_OFFSET
  }

  /** Whether the byte at `offset` of the history `id` is the next one of this history, or one before it. */
  includes(id: string, offset: number): boolean {
    const asked = id.toLowerCase()
    return asked === this.id || (asked === this.secondId && offset <= this.secondOffset)
  }

  #keepAsSecond(offset: number): void {
    this.secondId = this.id
    this.secondOffset = offset
  }

  #newId(): string {
    return this.#random.bytes(ID_BYTES).toString('hex')
  }
}

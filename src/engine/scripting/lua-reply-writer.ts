import { nth } from '../../shared/assert.ts'
import { formatDouble } from '../protocol/format-double.ts'
import type { ReplyWriter } from '../protocol/reply-writer.ts'
import { pushErrorReply } from './error-table.ts'
import type { LuaVm } from './lua-vm.ts'

/** Below this depth the stack that a host function has is enough. */
const DEPTH_MAX_WITHOUT_CHECK = 3
const SLOTS_PER_LEVEL = 5

type Aggregate = 'array' | 'map' | 'set' | 'attribute'

interface Level {
  kind: Aggregate
  /** Values that have not come yet. */
  missing: number
  count: number
}

/** The reply of a command that a script calls, as Lua values: the whole is on top of the stack afterwards. */
export class LuaReplyWriter implements ReplyWriter {
  protocol: 2 | 3 = 2
  lastError = ''
  /** The reply is an error. */
  isError = false
  readonly #vm: LuaVm
  /** Kept from reply to reply; the first `#depth` are open. */
  readonly #levels: Level[] = []
  #depth = 0

  constructor(vm: LuaVm) {
    this.#vm = vm
  }

  /** Before a command; what an earlier one left open does not count. */
  begin(protocol: 2 | 3): void {
    this.protocol = protocol
    this.lastError = ''
    this.isError = false
    this.#depth = 0
  }

  simple(text: string): void {
    this.#vm.newTable(0, 1)
    this.#vm.pushWord('ok')
    this.#vm.pushLatin1(text)
    this.#vm.setPair()
    this.#added()
  }

  error(text: string): void {
    this.lastError = text
    if (this.#depth === 0) this.isError = true
    pushErrorReply(this.#vm, text)
    this.#added()
  }

  integer(value: number | bigint): void {
    this.#vm.pushNumber(Number(value))
    this.#added()
  }

  bulk(bytes: Uint8Array, start: number, length: number): void {
    this.#vm.pushBytes(bytes, start, length)
    this.#added()
  }

  text(value: string): void {
    this.#vm.pushUtf8(value)
    this.#added()
  }

  double(value: number, spelling?: string): void {
    if (this.protocol === 2) return this.text(spelling ?? formatDouble(value))
    this.#vm.newTable(0, 1)
    this.#vm.pushWord('double')
    this.#vm.pushNumber(value)
    this.#vm.setPair()
    this.#added()
  }

  boolean(value: boolean): void {
    if (this.protocol === 2) return this.integer(value ? 1 : 0)
    this.#vm.pushBoolean(value)
    this.#added()
  }

  bigNumber(text: string): void {
    if (this.protocol === 2) return this.text(text)
    this.#vm.newTable(0, 1)
    this.#vm.pushWord('big_number')
    this.#vm.pushLatin1(text)
    this.#vm.setPair()
    this.#added()
  }

  verbatim(text: string): void {
    const bytes = Buffer.from(text)
    this.verbatimBulk('txt', bytes, 0, bytes.length)
  }

  verbatimBulk(format: string, bytes: Uint8Array, start: number, length: number): void {
    if (this.protocol === 2) return this.bulk(bytes, start, length)
    const vm = this.#vm
    vm.newTable(0, 1)
    vm.pushWord('verbatim_string')
    vm.newTable(0, 2)
    vm.pushWord('string')
    vm.pushBytes(bytes, start, length)
    vm.setPair()
    vm.pushWord('format')
    vm.pushLatin1(format)
    vm.setPair()
    vm.setPair()
    this.#added()
  }

  null(): void {
    if (this.protocol === 3) this.#vm.pushNil()
    else this.#vm.pushBoolean(false)
    this.#added()
  }

  nullArray(): void {
    this.null()
  }

  array(count: number): void {
    this.#vm.newTable(count, 0)
    this.#open('array', count)
  }

  push(count: number): void {
    this.array(count)
  }

  map(count: number): void {
    if (this.protocol === 2) return this.array(count * 2)
    this.#vm.newTable(0, 1)
    this.#vm.pushWord('map')
    this.#vm.newTable(0, count)
    this.#open('map', count * 2)
  }

  set(count: number): void {
    if (this.protocol === 2) return this.array(count)
    this.#vm.newTable(0, 1)
    this.#vm.pushWord('set')
    this.#vm.newTable(0, count)
    this.#open('set', count)
  }

  /** What is said about a reply is no part of it. */
  attribute(count: number): void {
    this.#vm.newTable(0, count)
    this.#open('attribute', count * 2)
  }

  #open(kind: Aggregate, missing: number): void {
    if (this.#depth >= DEPTH_MAX_WITHOUT_CHECK) this.#vm.ensureStack(SLOTS_PER_LEVEL)
    const level = this.#levels[this.#depth]
    if (level === undefined) {
      this.#levels.push({ kind, missing, count: 0 })
    } else {
      level.kind = kind
      level.missing = missing
      level.count = 0
    }
    this.#depth += 1
    if (missing === 0) this.#close(kind)
  }

  /** A whole value is on top: it goes into the aggregate it belongs to. */
  #added(): void {
    if (this.#depth === 0) return
    const level = nth(this.#levels, this.#depth - 1)
    level.count += 1
    level.missing -= 1
    if (level.kind === 'array') {
      this.#vm.setIndex(level.count)
    } else if (level.kind === 'set') {
      this.#vm.pushBoolean(true)
      this.#vm.setPair()
    } else if (level.count % 2 === 0) {
      this.#vm.setPair()
    }
    if (level.missing === 0) this.#close(level.kind)
  }

  #close(kind: Aggregate): void {
    this.#depth -= 1
    if (kind === 'attribute') return this.#vm.pop(1)
    // A map or set is one field of a table, by which scripts know it.
    if (kind !== 'array') this.#vm.setPair()
    this.#added()
  }
}

/** A reply of either protocol as it stood on the wire; text is latin1, so that bytes compare. */
export type Reply =
  | { readonly type: 'status' | 'error' | 'bulk' | 'double'; readonly text: string }
  | { readonly type: 'integer'; readonly value: bigint }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'array' | 'set' | 'map' | 'push'; readonly items: readonly Reply[] }
  | { readonly type: 'nil' }

export interface Parsed {
  readonly reply: Reply
  readonly end: number
}

const NIL: Reply = { type: 'nil' }

/** The reply that begins at `start`; `undefined` while it has not come whole. Throws for what is no reply. */
export function parseReply(bytes: Buffer, start: number): Parsed | undefined {
  const lineEnd = bytes.indexOf('\r\n', start, 'latin1')
  if (lineEnd < 0) return undefined
  const sign = String.fromCharCode(bytes[start] ?? 0)
  const line = bytes.toString('latin1', start + 1, lineEnd)
  const next = lineEnd + 2
  switch (sign) {
    case '+':
      return { reply: { type: 'status', text: line }, end: next }
    case '-':
      return { reply: { type: 'error', text: line }, end: next }
    case ':':
    case '(':
      return { reply: { type: 'integer', value: BigInt(line) }, end: next }
    case ',':
      return { reply: { type: 'double', text: line }, end: next }
    case '#':
      return { reply: { type: 'boolean', value: line === 't' }, end: next }
    case '_':
      return { reply: NIL, end: next }
    case '$':
    case '=':
      return parseBulk(bytes, next, Number(line))
    case '*':
      return parseItems(bytes, next, Number(line), 'array')
    case '~':
      return parseItems(bytes, next, Number(line), 'set')
    case '>':
      return parseItems(bytes, next, Number(line), 'push')
    case '%':
      return parseItems(bytes, next, Number(line) * 2, 'map')
    default:
      throw new Error(`no reply starts with ${JSON.stringify(sign + line.slice(0, 80))}`)
  }
}

function parseBulk(bytes: Buffer, start: number, length: number): Parsed | undefined {
  if (length < 0) return { reply: NIL, end: start }
  const end = start + length + 2
  if (bytes.length < end) return undefined
  return { reply: { type: 'bulk', text: bytes.toString('latin1', start, end - 2) }, end }
}

function parseItems(
  bytes: Buffer,
  start: number,
  count: number,
  type: 'array' | 'set' | 'map' | 'push',
): Parsed | undefined {
  if (count < 0) return { reply: NIL, end: start }
  const items: Reply[] = []
  let end = start
  while (items.length < count) {
    const item = parseReply(bytes, end)
    if (item === undefined) return undefined
    items.push(item.reply)
    end = item.end
  }
  return { reply: { type, items }, end }
}

/** One line for people and for comparison: different replies have different lines. */
export function showReply(reply: Reply): string {
  switch (reply.type) {
    case 'nil':
      return '(nil)'
    case 'status':
      return `+${reply.text}`
    case 'error':
      return `(error) ${reply.text}`
    case 'bulk':
      return JSON.stringify(reply.text)
    case 'double':
      return `,${reply.text}`
    case 'integer':
      return `:${reply.value}`
    case 'boolean':
      return `#${reply.value}`
    default:
      return `${reply.type}[${reply.items.map(showReply).join(', ')}]`
  }
}

/** The elements of a collection, in whichever way the protocol shows it; of anything else there are none. */
export function itemsOf(reply: Reply): readonly Reply[] {
  return 'items' in reply ? reply.items : []
}

/** The text of what has one; integers in decimal. */
export function textOf(reply: Reply): string {
  if ('text' in reply) return reply.text
  return reply.type === 'integer' ? String(reply.value) : ''
}

/** What may stand before a word: isspace() of the C locale. */
const BLANK = /[ \t\n\v\f\r]/
/** What ends a word. */
const SEPARATOR = /[ \t\n\r]/
/** What may stand behind a closing quote. */
const AFTER_QUOTE = /[ \t\n\v\f\r]/

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  a: '\x07',
}

/**
 * Splits a line as redis-cli, inline commands and redis.conf do (sds.c, sdssplitargs): words, "…" with
 * escapes and \xHH, '…' with \' only. One character stands for one byte. `undefined`: unbalanced quotes.
 */
export function splitArguments(line: string): string[] | undefined {
  const words: string[] = []
  let at = 0
  for (;;) {
    while (at < line.length && BLANK.test(line.charAt(at))) at += 1
    if (at >= line.length) return words
    const word = readWord(line, at)
    if (word === undefined) return undefined
    words.push(word.text)
    at = word.end
  }
}

interface Word {
  readonly text: string
  readonly end: number
}

function readWord(line: string, start: number): Word | undefined {
  let text = ''
  let at = start
  while (at < line.length && !SEPARATOR.test(line.charAt(at))) {
    const character = line.charAt(at)
    if (character !== '"' && character !== "'") {
      text += character
      at += 1
      continue
    }
    const quoted = character === '"' ? readDoubleQuoted(line, at + 1) : readQuoted(line, at + 1)
    if (quoted === undefined) return undefined
    // A closing quote ends the word: what follows must be a space or nothing.
    if (quoted.end < line.length && !AFTER_QUOTE.test(line.charAt(quoted.end))) return undefined
    return { text: text + quoted.text, end: quoted.end }
  }
  return { text, end: at }
}

function readDoubleQuoted(line: string, start: number): Word | undefined {
  let text = ''
  for (let at = start; at < line.length; at += 1) {
    const character = line.charAt(at)
    if (character === '"') return { text, end: at + 1 }
    if (character !== '\\' || at + 1 >= line.length) {
      text += character
      continue
    }
    const hexadecimal = /^x([0-9a-f]{2})/i.exec(line.slice(at + 1, at + 4))
    if (hexadecimal !== null) {
      text += String.fromCharCode(Number.parseInt(hexadecimal[1] ?? '', 16))
      at += 3
    } else {
      at += 1
      text += ESCAPES[line.charAt(at)] ?? line.charAt(at)
    }
  }
  return undefined
}

function readQuoted(line: string, start: number): Word | undefined {
  let text = ''
  for (let at = start; at < line.length; at += 1) {
    const character = line.charAt(at)
    if (character === "'") return { text, end: at + 1 }
    if (character === '\\' && line.charAt(at + 1) === "'") {
      text += "'"
      at += 1
    } else {
      text += character
    }
  }
  return undefined
}

const ESCAPED: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\x07': '\\a',
  '\b': '\\b',
}

/** The word in double quotes, as `splitArguments` reads it again (sds.c, sdscatrepr). One character, one byte. */
export function quoteArgument(word: string): string {
  const quoted = Array.from(word, (character) => {
    const escaped = ESCAPED[character]
    if (escaped !== undefined) return escaped
    if (character >= ' ' && character <= '~') return character
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return `"${quoted.join('')}"`
}

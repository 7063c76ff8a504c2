/*
 * Hasura (its graphql-parser, `blockString` in Language/GraphQL/Draft/Parser.hs) reads some block strings otherwise
 * than the specification and graphql-js do. What the gateway takes for a string, Hasura could take for
 * definitions, and the answer to one query would be kept under the key of another.
 */

type State =
  | 'text'
  | 'quote'
  | 'two quotes'
  | 'end'
  | 'escape'
  | 'escaped quote'
  | 'two escaped quotes'

const AFTER_QUOTE: Readonly<Record<State, State>> = {
  text: 'quote',
  quote: 'two quotes',
  'two quotes': 'end',
  end: 'end',
  escape: 'escaped quote',
  'escaped quote': 'two escaped quotes',
  'two escaped quotes': 'text',
}

const DELIMITER_LENGTH = 3

/**
 * Whether Hasura too finds the end of a block string at the end of `raw`, which has its delimiters. Its scanner
 * takes a backslash after another one or after quotes for plain text, and then ends at the delimiter which
 * that backslash escapes.
 */
export function endsAlikeInHasura(raw: string): boolean {
  let state: State = 'text'
  for (let at = DELIMITER_LENGTH; at < raw.length; at += 1) {
    const char = raw[at]
    if (char === '"') state = AFTER_QUOTE[state]
    else state = char === '\\' && state === 'text' ? 'escape' : 'text'
    if (state === 'end') return at === raw.length - 1
  }
  return false
}

/** Hasura ends lines at a line feed only: a carriage return stays in the value. */
export function readsAlikeInHasura(raw: string): boolean {
  return !raw.includes('\r')
}

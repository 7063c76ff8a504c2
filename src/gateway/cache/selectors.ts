import { hash } from 'node:crypto'
import type { Tag } from '../metadata/plan.ts'

/**
 * What entries can be purged by, as short texts: a purge names one, an entry has several, and the purge
 * concerns it when they are equal.
 */
export type Selector = string

/** What is longer or no plain ASCII is hashed: selectors are kept in the store, many in one value. */
const PLAIN = /^[\x20-\x7e]{1,160}$/

export const selectors = {
  key: (key: string): Selector => `key:${key}`,
  family: (family: string): Selector => `family:${family}`,
  operation: (name: string): Selector => short('operation', name),
  role: (role: string): Selector => short('role', role),
  variable: (name: string, value: string): Selector => short('variable', `${name}:${value}`),
  tag: (tag: Tag): Selector => short('tag', tag),
}

function short(kind: string, value: string): Selector {
  if (PLAIN.test(value)) return `${kind}:${value}`
  // By code units, so that lone surrogates stay different from each other.
  return `${kind}#${hash('sha256', Buffer.from(value, 'utf16le'), 'base64url')}`
}

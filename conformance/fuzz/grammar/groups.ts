import { bitmapGrammar } from './bitmap.ts'
import { expiryGrammar } from './expiry.ts'
import { geoGrammar } from './geo.ts'
import { hashGrammar } from './hash.ts'
import { hyperLogLogGrammar } from './hyperloglog.ts'
import { encodingGrammar, keyGrammar } from './key.ts'
import { listGrammar } from './list.ts'
import type { Grammar } from './production.ts'
import { scriptGrammar } from './script.ts'
import { serverGrammar } from './server.ts'
import { setGrammar } from './set.ts'
import { sortedSetGrammar } from './sorted-set.ts'
import { streamGrammar } from './stream.ts'
import { stringGrammar } from './string.ts'

interface Group {
  readonly grammar: Grammar
  /** How often it is chosen, beside the others. */
  readonly weight: number
}

export const GROUPS: Readonly<Record<string, Group>> = {
  string: { grammar: stringGrammar, weight: 4 },
  hash: { grammar: hashGrammar, weight: 4 },
  list: { grammar: listGrammar, weight: 4 },
  set: { grammar: setGrammar, weight: 4 },
  'sorted-set': { grammar: sortedSetGrammar, weight: 4 },
  key: { grammar: keyGrammar, weight: 2 },
  expiry: { grammar: expiryGrammar, weight: 2 },
  bitmap: { grammar: bitmapGrammar, weight: 4 },
  hyperloglog: { grammar: hyperLogLogGrammar, weight: 4 },
  geo: { grammar: geoGrammar, weight: 4 },
  stream: { grammar: streamGrammar, weight: 4 },
  script: { grammar: scriptGrammar, weight: 4 },
  server: { grammar: serverGrammar, weight: 1 },
}

export const ENCODING_GROUP: Group = { grammar: encodingGrammar, weight: 1 }

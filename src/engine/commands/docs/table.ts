import { bitmapDocs } from './bitmap.ts'
import { clusterDocs } from './cluster.ts'
import type { CommandDoc } from './command-doc.ts'
import { connectionDocs } from './connection.ts'
import { genericDocs } from './generic.ts'
import { geoDocs } from './geo.ts'
import { hashDocs } from './hash.ts'
import { hyperloglogDocs } from './hyperloglog.ts'
import { listDocs } from './list.ts'
import { pubsubDocs } from './pubsub.ts'
import { scriptingDocs } from './scripting.ts'
import { serverDocs } from './server.ts'
import { setDocs } from './set.ts'
import { sortedSetDocs } from './sorted-set.ts'
import { streamDocs } from './stream.ts'
import { stringDocs } from './string.ts'
import { transactionsDocs } from './transactions.ts'

const DOCS: Readonly<Record<string, CommandDoc>> = {
  ...bitmapDocs,
  ...clusterDocs,
  ...connectionDocs,
  ...genericDocs,
  ...geoDocs,
  ...hashDocs,
  ...hyperloglogDocs,
  ...listDocs,
  ...pubsubDocs,
  ...scriptingDocs,
  ...serverDocs,
  ...setDocs,
  ...sortedSetDocs,
  ...streamDocs,
  ...stringDocs,
  ...transactionsDocs,
}

/** By the full name, `config|set` for a subcommand; empty for one without more to tell. */
export function docOf(fullName: string): CommandDoc {
  return DOCS[fullName] ?? {}
}

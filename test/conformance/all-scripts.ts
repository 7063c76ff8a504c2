import { ACL_SCRIPTS } from './acl-scripts.ts'
import { BITMAP_SCRIPTS } from './bitmap-scripts.ts'
import { COPY_SCRIPTS } from './copy-scripts.ts'
import { DUMP_SCRIPTS } from './dump-scripts.ts'
import { GEO_SCRIPTS } from './geo-scripts.ts'
import { HASH_SCRIPTS } from './hash-scripts.ts'
import { LIST_SCRIPTS } from './list-scripts.ts'
import { REPLICATION_SCRIPTS } from './replication-scripts.ts'
import type { Script } from './script.ts'
import { SCRIPTS } from './scripts.ts'
import { SET_SCRIPTS } from './set-scripts.ts'
import { SORT_SCRIPTS } from './sort-scripts.ts'
import { SORTED_SET_SCRIPTS } from './sorted-set-scripts.ts'
import { STREAM_SCRIPTS } from './stream-scripts.ts'

/** Every script of commands that both servers are sent, by its name. */
export const ALL_SCRIPTS: Readonly<Record<string, Script>> = {
  ...SCRIPTS,
  ...ACL_SCRIPTS,
  ...BITMAP_SCRIPTS,
  ...COPY_SCRIPTS,
  ...DUMP_SCRIPTS,
  ...REPLICATION_SCRIPTS,
  ...SORT_SCRIPTS,
  ...HASH_SCRIPTS,
  ...LIST_SCRIPTS,
  ...SET_SCRIPTS,
  ...SORTED_SET_SCRIPTS,
  ...GEO_SCRIPTS,
  ...STREAM_SCRIPTS,
}

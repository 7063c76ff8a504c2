import type { Grammar } from './production.ts'

const GROUPS = ['g1', 'g2']
const CONSUMERS = ['al', 'bo']

const entries: Grammar = [
  (a) => [
    'XADD',
    a.key('stream'),
    ...a.choice.maybe(0.1, 'NOMKSTREAM'),
    ...a.choice.maybe(0.2, 'MAXLEN', a.choice.pick(['5', '20'])),
    a.newStreamId(),
    ...a.choice.manyOf(2, () => [a.field(), a.value()]),
  ],
  (a) => ['XLEN', a.key('stream')],
  (a) => [
    'XRANGE',
    a.key('stream'),
    a.choice.pick(['-', a.streamId(), `(${a.streamId()}`]),
    a.choice.pick(['+', a.streamId()]),
    ...a.choice.maybe(0.3, 'COUNT', '3'),
  ],
  (a) => [
    'XREVRANGE',
    a.key('stream'),
    a.choice.pick(['+', a.streamId()]),
    a.choice.pick(['-', a.streamId()]),
    ...a.choice.maybe(0.3, 'COUNT', '3'),
  ],
  (a) => ['XDEL', a.key('stream'), ...a.choice.many(2, () => a.streamId())],
  (a) => ['XTRIM', a.key('stream'), 'MAXLEN', a.natural(10)],
  (a) => ['XTRIM', a.key('stream'), 'MINID', a.streamId()],
  (a) => [
    'XREAD',
    ...a.choice.maybe(0.5, 'COUNT', '2'),
    'STREAMS',
    a.key('stream'),
    a.key('stream'),
    a.choice.pick(['0', a.streamId()]),
    a.choice.pick(['0', a.streamId(), '$']),
  ],
  (a) => ['XSETID', a.key('stream'), a.lastStreamId()],
]

/** Nothing that tells how long ago something was. */
const groups: Grammar = [
  (a) => [
    'XGROUP',
    'CREATE',
    a.key('stream'),
    a.choice.pick(GROUPS),
    a.choice.pick(['0', '$', a.streamId()]),
    ...a.choice.maybe(0.5, 'MKSTREAM'),
  ],
  (a) => ['XGROUP', 'DESTROY', a.key('stream'), 'g2'],
  (a) => ['XGROUP', 'SETID', a.key('stream'), 'g1', a.choice.pick(['0', '$'])],
  (a) => [
    'XGROUP',
    a.choice.pick(['CREATECONSUMER', 'DELCONSUMER']),
    a.key('stream'),
    'g1',
    a.choice.pick(CONSUMERS),
  ],
  (a) => [
    'XREADGROUP',
    'GROUP',
    a.choice.pick(GROUPS),
    a.choice.pick(CONSUMERS),
    'COUNT',
    '2',
    ...a.choice.maybe(0.2, 'NOACK'),
    'STREAMS',
    a.key('stream'),
    a.choice.pick(['>', '>', '0']),
  ],
  (a) => ['XACK', a.key('stream'), 'g1', ...a.choice.many(2, () => a.streamId())],
  (a) => ['XPENDING', a.key('stream'), 'g1'],
  (a) => ['XCLAIM', a.key('stream'), 'g1', 'bo', '0', a.streamId(), 'JUSTID'],
  (a) => ['XAUTOCLAIM', a.key('stream'), 'g1', 'bo', '0', '0', 'COUNT', '3', 'JUSTID'],
  (a) => ['XINFO', 'GROUPS', a.key('stream')],
]

export const streamGrammar: Grammar = [...entries, ...groups]

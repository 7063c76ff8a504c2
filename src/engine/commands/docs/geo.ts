import type { CommandDoc } from './command-doc.ts'

/** Syntax, cost and history of the commands, as Redis 7.0 tells them. */
export const geoDocs: Readonly<Record<string, CommandDoc>> = {
  geoadd: {
    syntax: 'key#0 [condition=(NX | XX)@6.2.0] [CH=change@6.2.0] <longitude latitude member>...',
    complexity:
      'O(log(N)) for each item added, where N is the number of elements in the sorted set.',
    history: [['6.2.0', 'Added the `CH`, `NX` and `XX` options.']],
  },
  geodist: {
    syntax: 'key#0 member1 member2 [unit=(M | KM | FT | MI)]',
    complexity: 'O(log(N))',
  },
  geohash: {
    syntax: 'key#0 member...',
    complexity:
      'O(log(N)) for each member requested, where N is the number of elements in the sorted set.',
  },
  geopos: {
    syntax: 'key#0 member...',
    complexity: 'O(N) where N is the number of members requested.',
  },
  georadius: {
    syntax:
      'key#0 longitude latitude radius unit=(M | KM | FT | MI) [WITHCOORD] [WITHDIST] [WITHHASH] [count=<COUNT count [ANY@6.2.0]>] [order=(ASC | DESC)] [STORE key#1] [STOREDIST key#2]',
    complexity:
      'O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.',
    history: [
      ['6.2.0', 'Added the `ANY` option for `COUNT`.'],
      ['7.0.0', 'Added support for uppercase unit names.'],
    ],
    docFlags: ['deprecated'],
    deprecatedSince: '6.2.0',
    replacedBy: '`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument',
  },
  georadius_ro: {
    syntax:
      'key#0 longitude latitude radius unit=(M | KM | FT | MI) [WITHCOORD] [WITHDIST] [WITHHASH] [count=<COUNT count [ANY@6.2.0]>] [order=(ASC | DESC)]',
    complexity:
      'O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.',
    history: [['6.2.0', 'Added the `ANY` option for `COUNT`.']],
    docFlags: ['deprecated'],
    deprecatedSince: '6.2.0',
    replacedBy: '`GEOSEARCH` with the `BYRADIUS` argument',
  },
  georadiusbymember: {
    syntax:
      'key#0 member radius unit=(M | KM | FT | MI) [WITHCOORD] [WITHDIST] [WITHHASH] [count=<COUNT count [ANY]>] [order=(ASC | DESC)] [STORE key#1] [STOREDIST key#2]',
    complexity:
      'O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.',
    history: [['7.0.0', 'Added support for uppercase unit names.']],
    docFlags: ['deprecated'],
    deprecatedSince: '6.2.0',
    replacedBy: '`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments',
  },
  georadiusbymember_ro: {
    syntax:
      'key#0 member radius unit=(M | KM | FT | MI) [WITHCOORD] [WITHDIST] [WITHHASH] [count=<COUNT count [ANY]>] [order=(ASC | DESC)]',
    complexity:
      'O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.',
    docFlags: ['deprecated'],
    deprecatedSince: '6.2.0',
    replacedBy: '`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments',
  },
  geosearch: {
    syntax:
      'key#0 from=(FROMMEMBER member | FROMLONLAT <longitude latitude>) by=(circle=<BYRADIUS radius unit=(M | KM | FT | MI)> | box=<BYBOX width height unit=(M | KM | FT | MI)>) [order=(ASC | DESC)] [count=<COUNT count [ANY]>] [WITHCOORD] [WITHDIST] [WITHHASH]',
    complexity:
      'O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around the shape provided as the filter and M is the number of items inside the shape',
    history: [['7.0.0', 'Added support for uppercase unit names.']],
  },
  geosearchstore: {
    syntax:
      'destination#0 source#1 from=(FROMMEMBER member | FROMLONLAT <longitude latitude>) by=(circle=<BYRADIUS radius unit=(M | KM | FT | MI)> | box=<BYBOX width height unit=(M | KM | FT | MI)>) [order=(ASC | DESC)] [count=<COUNT count [ANY]>] [STOREDIST]',
    complexity:
      'O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around the shape provided as the filter and M is the number of items inside the shape',
    history: [['7.0.0', 'Added support for uppercase unit names.']],
  },
}

import type { CommandSpec } from '../execution/command.ts'
import { keyAfter, keyAt } from '../execution/key-spec.ts'
import { geoadd } from './geo-add.ts'
import { geodist, geohash, geopos } from './geo-read.ts'
import { georadius, geosearch, geosearchstore } from './geo-search.ts'

export const geoCommands: readonly CommandSpec[] = [
  {
    name: 'geoadd',
    group: 'geo',
    since: '3.2.0',
    summary:
      'Add one or more geospatial items in the geospatial index represented using a sorted set',
    arity: -5,
    flags: ['write', 'denyoom'],
    keySpecs: [keyAt(1, 'RW', 'update')],
    run: geoadd,
  },
  {
    name: 'geodist',
    group: 'geo',
    since: '3.2.0',
    summary: 'Returns the distance between two members of a geospatial index',
    arity: -4,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    run: geodist,
  },
  {
    name: 'geohash',
    group: 'geo',
    since: '3.2.0',
    summary: 'Returns members of a geospatial index as standard geohash strings',
    arity: -2,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    run: geohash,
  },
  {
    name: 'geopos',
    group: 'geo',
    since: '3.2.0',
    summary: 'Returns longitude and latitude of members of a geospatial index',
    arity: -2,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    run: geopos,
  },
  {
    name: 'geosearch',
    group: 'geo',
    since: '6.2.0',
    summary:
      'Query a sorted set representing a geospatial index to fetch members inside an area of a box or a circle.',
    arity: -7,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    run: geosearch,
  },
  {
    name: 'geosearchstore',
    group: 'geo',
    since: '6.2.0',
    summary:
      'Query a sorted set representing a geospatial index to fetch members inside an area of a box or a circle, and store the result in another key.',
    arity: -8,
    flags: ['write', 'denyoom'],
    keySpecs: [keyAt(1, 'OW', 'update'), keyAt(2, 'RO', 'access')],
    run: geosearchstore,
  },
  {
    name: 'georadius',
    group: 'geo',
    since: '3.2.0',
    summary:
      'Query a sorted set representing a geospatial index to fetch members matching a given maximum distance from a point',
    arity: -6,
    flags: ['write', 'denyoom'],
    keySpecs: [
      keyAt(1, 'RO', 'access'),
      keyAfter('STORE', 6, 'OW', 'update'),
      keyAfter('STOREDIST', 6, 'OW', 'update'),
    ],
    run: (context) => georadius(context, { center: 'point', stores: true }),
  },
  {
    name: 'georadius_ro',
    group: 'geo',
    since: '3.2.10',
    summary: 'A read-only variant for GEORADIUS',
    arity: -6,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    run: (context) => georadius(context, { center: 'point', stores: false }),
  },
  {
    name: 'georadiusbymember',
    group: 'geo',
    since: '3.2.0',
    summary:
      'Query a sorted set representing a geospatial index to fetch members matching a given maximum distance from a member',
    arity: -5,
    flags: ['write', 'denyoom'],
    keySpecs: [
      keyAt(1, 'RO', 'access'),
      keyAfter('STORE', 5, 'OW', 'update'),
      keyAfter('STOREDIST', 5, 'OW', 'update'),
    ],
    run: (context) => georadius(context, { center: 'member', stores: true }),
  },
  {
    name: 'georadiusbymember_ro',
    group: 'geo',
    since: '3.2.10',
    summary: 'A read-only variant for GEORADIUSBYMEMBER',
    arity: -5,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    run: (context) => georadius(context, { center: 'member', stores: false }),
  },
]

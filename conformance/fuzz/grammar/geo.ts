import type { Arguments } from '../arguments.ts'
import type { Grammar } from './production.ts'

/** The result of a radius in a set with two members at one place is in open order without it. */
const IN_ORDER = ['ASC', 'DESC']

function position(a: Arguments): readonly string[] {
  const longitude = (a.choice.float() * 360 - 180).toFixed(5)
  return [longitude, (a.choice.float() * 170 - 85).toFixed(5)]
}

export const geoGrammar: Grammar = [
  (a) => [
    'GEOADD',
    a.key('geo'),
    ...a.choice.maybe(0.2, a.choice.pick(['NX', 'XX'])),
    ...a.choice.maybe(0.1, 'CH'),
    ...a.choice.manyOf(3, () => [...position(a), a.member()]),
  ],
  (a) => [
    'GEODIST',
    a.key('geo'),
    a.member(),
    a.member(),
    ...a.choice.maybe(0.5, a.choice.pick(['m', 'km', 'ft', 'mi'])),
  ],
  (a) => ['GEOHASH', a.key('geo'), ...a.choice.many(2, () => a.member())],
  (a) => ['GEOPOS', a.key('geo'), ...a.choice.many(2, () => a.member())],
  (a) => [
    'GEOSEARCH',
    a.key('geo'),
    ...a.choice.pick([
      ['FROMLONLAT', '10', '20'],
      ['FROMMEMBER', a.member()],
    ]),
    ...a.choice.pick([
      ['BYRADIUS', a.natural(20_000), 'km'],
      ['BYBOX', '9000', '9000', 'km'],
    ]),
    a.choice.pick(IN_ORDER),
    ...a.choice.maybe(0.4, 'COUNT', '3'),
    ...a.choice.maybe(0.4, 'WITHDIST'),
    ...a.choice.maybe(0.3, 'WITHHASH'),
    ...a.choice.maybe(0.3, 'WITHCOORD'),
  ],
  (a) => [
    'GEORADIUS',
    a.key('geo'),
    '0',
    '0',
    '12000',
    'km',
    'ASC',
    ...a.choice.maybe(0.3, 'WITHDIST'),
  ],
  (a) => ['GEORADIUSBYMEMBER_RO', a.key('geo'), a.member(), '9000', 'km', 'ASC'],
  (a) => [
    'GEOSEARCHSTORE',
    a.key('geo'),
    a.key('geo'),
    'FROMLONLAT',
    '0',
    '0',
    'BYRADIUS',
    '9000',
    'km',
    'ASC',
    ...a.choice.maybe(0.5, 'STOREDIST'),
  ],
]

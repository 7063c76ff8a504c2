import type { Grammar } from './production.ts'

const SET = "return redis.call('SET',KEYS[1],ARGV[1])"
const CONVERSIONS = 'return {KEYS[1],ARGV[1],#ARGV,1.9,true,false,nil,4}'
const CAUGHT =
  "local r=redis.pcall('INCR',KEYS[1]); if type(r)=='table' then return r.err end return r"
const RANGE = "return redis.call('LRANGE',KEYS[1],0,-1)"
const FIELDS = "local t=redis.call('HMGET',KEYS[1],ARGV[1],ARGV[2]); return {t[1],t[2]==false}"
const ZADD = "return redis.call('ZADD',KEYS[1],ARGV[1],ARGV[2])"
const JSONS = ['[1,2,3]', '{"a":1.5}', '[]', '"x"', '{"a":[true,null]}', 'bad']
/** SHA1 of `return 1`. */
const RETURN_1 = 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db'

const commands: Grammar = [
  (a) => ['EVAL', SET, '1', a.key('str'), a.value()],
  (a) => ['EVAL', CONVERSIONS, '1', a.key('str'), a.value()],
  (a) => ['EVAL', CAUGHT, '1', a.key('str')],
  (a) => ['EVAL', RANGE, '1', a.key('list')],
  (a) => ['EVAL', FIELDS, '1', a.key('hash'), a.field(), a.field()],
  (a) => ['EVAL', ZADD, '1', a.key('zset'), a.score(), a.member()],
  (a) => ['EVAL_RO', "return redis.call('GET',KEYS[1])", '1', a.key('str')],
  (a) => ['EVAL_RO', "return redis.call('SET',KEYS[1],1)", '1', a.key('str')],
]

const libraries: Grammar = [
  (a) => ['EVAL', 'return redis.sha1hex(ARGV[1])', '0', a.value()],
  (a) => ['EVAL', 'return cjson.encode(cjson.decode(ARGV[1]))', '0', a.choice.pick(JSONS)],
  (a) => ['EVAL', 'return cmsgpack.unpack(cmsgpack.pack(ARGV[1]))', '0', a.value()],
  (a) => ['EVAL', 'return bit.band(tonumber(ARGV[1]) or 0, 255)', '0', a.smallInteger()],
  (a) => ['EVAL', "return string.format('%s %d %.3f', ARGV[1], 42, 3.14159)", '0', a.word()],
  (a) => ['EVAL', 'return tostring(tonumber(ARGV[1]))', '0', a.float()],
]

const answers: Grammar = [
  () => ['EVAL', "return redis.error_reply('MY err')", '0'],
  () => ['EVAL', "return redis.status_reply('FINE')", '0'],
  () => ['EVAL', 'return unknown_global', '0'],
  () => ['EVAL', 'syntax error here', '0'],
  () => ['EVALSHA', 'f'.repeat(40), '0'],
  () => ['SCRIPT', 'LOAD', 'return 1'],
  () => ['SCRIPT', 'EXISTS', RETURN_1, 'x'],
]

export const scriptGrammar: Grammar = [...commands, ...libraries, ...answers]

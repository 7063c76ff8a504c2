import { describe, expect, it } from 'vitest'
import {
  endsAlikeInHasura,
  readsAlikeInHasura,
} from '../../../../src/gateway/graphql/block-string.ts'

describe('endsAlikeInHasura', () => {
  it.each([
    ['an empty one', '""""""'],
    ['plain text', '"""one\n  two"""'],
    ['one quote', '"""say "hi" now"""'],
    ['two quotes', '"""say ""hi"" now"""'],
    ['an escaped delimiter', String.raw`"""a \""" b"""`],
    ['two escaped delimiters', String.raw`"""a \"""\""" b"""`],
    ['a backslash', String.raw`"""\d+"""`],
    ['two backslashes', String.raw`"""a\\b"""`],
    ['an escaped quote', String.raw`"""a\"b"""`],
    ['two escaped quotes', String.raw`"""a\""b"""`],
  ])('is true of %s', (_, raw) => {
    expect(endsAlikeInHasura(raw)).toBe(true)
  })

  it.each([
    ['a backslash before an escaped delimiter', String.raw`"""a\\""" b"""`],
    ['a quote before an escaped delimiter', String.raw`"""a"\""" b"""`],
    ['two quotes before an escaped delimiter', String.raw`"""a""\""" b"""`],
    ['two escaped quotes before an escaped delimiter', String.raw`"""\""\""" b"""`],
    ['a backslash at the end, which escapes the delimiter', String.raw`"""a\"""`],
  ])('is false of %s', (_, raw) => {
    expect(endsAlikeInHasura(raw)).toBe(false)
  })
})

describe('readsAlikeInHasura', () => {
  it('is false of a carriage return, which stays in the value there', () => {
    expect(readsAlikeInHasura('"""a\r\nb"""')).toBe(false)
    expect(readsAlikeInHasura('"""a\rb"""')).toBe(false)
    expect(readsAlikeInHasura('"""a\nb"""')).toBe(true)
  })
})

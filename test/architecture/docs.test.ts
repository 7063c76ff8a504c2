import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { generatedFiles } from '../../scripts/generated-files.ts'

describe('files made from tables', () => {
  it.each([...generatedFiles()])('%s equals a fresh run of npm run docs', (path, text) => {
    expect(readFileSync(path, 'utf8')).toBe(text)
  })
})

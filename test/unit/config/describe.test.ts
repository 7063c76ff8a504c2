import { describe, expect, it } from 'vitest'
import {
  configSections,
  loadConfig,
  renderJsonSchema,
  renderSampleFile,
} from '../../../src/config/index.ts'

describe('config/gerbang.yaml', () => {
  const sample = renderSampleFile()

  it('has every option, those without a default as a comment', () => {
    for (const { path, default: value } of configSections().flatMap((section) => section.options)) {
      const key = path.split('.').at(-1)
      expect(sample).toMatch(
        new RegExp(value === undefined ? `^  # +${key}:` : `^  (#   )?${key}: `, 'm'),
      )
    }
  })

  it('means the same as no file', () => {
    const sources = { environment: {}, flags: new Map(), readFile: () => sample }
    expect(loadConfig({ ...sources, fileName: 'gerbang.yaml' })).toEqual(
      loadConfig({ ...sources, fileName: undefined }),
    )
  })
})

describe('config/gerbang.schema.json', () => {
  it('lets every section be left out, and nothing else be put in', () => {
    expect(JSON.parse(renderJsonSchema())).toMatchObject({
      required: [],
      additionalProperties: false,
      properties: { server: { additionalProperties: false } },
    })
  })
})

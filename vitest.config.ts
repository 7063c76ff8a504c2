import { defineConfig } from 'vitest/config'

const project = (name: string, testTimeout: number, fileParallelism = true) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, fileParallelism },
})

export default defineConfig({
  test: {
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    projects: [
      project('architecture', 10_000),
      project('unit', 10_000),
      project('property', 60_000),
      project('contract', 30_000),
      project('conformance', 60_000),
      project('integration', 60_000, false),
      project('fault', 60_000, false),
    ],
    coverage: { provider: 'v8', include: ['src/**/*.ts'] },
  },
})

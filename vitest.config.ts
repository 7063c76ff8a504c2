import { defineConfig } from 'vitest/config'

const project = (name: string, testTimeout: number) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout },
})

export default defineConfig({
  test: {
    // A file each for both cores of the smallest machine it has to run on.
    maxWorkers: 2,
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    projects: [
      // For a machine that does much else: how fast something is, no test tells by its timeout.
      project('architecture', 60_000),
      project('unit', 60_000),
      project('property', 120_000),
      project('contract', 60_000),
      project('conformance', 60_000),
      project('integration', 120_000),
      project('fault', 60_000),
    ],
    coverage: { provider: 'v8', include: ['src/**/*.ts'] },
  },
})

import { defineConfig } from 'vitest/config'

const never = ['**/node_modules/**', '**/dist/**']

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...never, 'test/sim/**', 'test/e2e/**'],
          // No test measures time: a busy machine may take long.
          testTimeout: 60_000,
        },
      },
      { test: { name: 'sim', include: ['test/sim/**/*.test.ts'], exclude: never, testTimeout: 60_000 } },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: never,
          // Real sockets and real peers: one file after the other, so that none measures another's load.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})

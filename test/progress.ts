/**
 * Tells `npm test` which process runs which test file, and at which test it is (scripts/test-progress.ts reads it).
 *
 * A setup file of vitest: it is loaded once for each test file, in the process that runs it. Without `npm test` around it,
 * it does nothing.
 */
import { appendFileSync } from 'node:fs'
import { afterAll, beforeEach, expect, onTestFinished } from 'vitest'
import { PROGRESS_FILE, type Step } from '../scripts/test-progress.ts'

const path = process.env[PROGRESS_FILE]

if (path !== undefined) {
  const file = expect.getState().testPath ?? '?'
  const tell = (step: Step): void => appendFileSync(path, `${JSON.stringify(step)}\n`)
  tell({ file, pid: process.pid, step: 'begin', at: Date.now() })
  beforeEach(({ task }) => {
    tell({ file, step: 'test', name: task.fullTestName, at: Date.now() })
    onTestFinished(({ task: { result } }) => tell({ file, step: 'tested', passed: result?.state !== 'fail' }))
  })
  afterAll(() => tell({ file, step: 'end' }))
}

/**
 * The commands of README, docs/ and bench/README.md that are for a running daemon. Those for which nothing need run are in
 * `shell-docs-alone`, what proves and what measures in `shell-docs-proof` and `shell-docs-bench`.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import type { Child } from './kit/child.ts'
import { describeTyping, LIMIT_MS } from './kit/doc-typing.ts'

describeTyping(({ start, runtimeFolder, typeAll }) => {
  describe('where `npm start` runs', () => {
    let demo: Child
    beforeAll(async () => {
      demo = start(['npm', 'start'])
      await demo.says(/"event":"started"/, LIMIT_MS)
    })
    afterAll(async () => await demo.stop('SIGTERM', LIMIT_MS))
    typeAll('demo')

    describe('and the daemon of the drills', () => {
      let drill: Child
      beforeAll(async () => {
        drill = start(['bin/radsluice', 'run', '-c', 'examples/drill.yaml'])
        await drill.says(/"event":"started"/, LIMIT_MS)
      })
      afterAll(async () => await drill.stop('SIGKILL'))
      typeAll('drill', () => ({ DRILL: String(drill.pid) }))
    })

    describe('and ends', () => typeAll('end'))
  })

  describe('where examples/minimal.yaml runs', () => {
    let minimal: Child
    beforeAll(async () => {
      minimal = start(['bin/radsluice', 'run', '-c', 'examples/minimal.yaml'])
      await minimal.says(/"event":"started"/, LIMIT_MS)
    })
    afterAll(async () => await minimal.stop('SIGTERM', LIMIT_MS))
    typeAll('minimal', () => ({ SOCKET: join(runtimeFolder, 'radsluice', 'admin-9812.sock') }))
  })
})

/**
 * A demo server as a child process of `run` and `demo`. Not for people: it obeys only its parent.
 */
import { codedError } from '../../coded-error.ts'
import { serveParent } from '../../demo/server-process.io.ts'
import { verb } from '../input/verb.ts'

export const demoServer = verb({
  examples: [
    ['run', 'starts two of these'],
    ['demo', 'starts one of these'],
  ],
  options: {},
  run: async () => {
    if (process.send === undefined) throw codedError('USAGE', 'demo-server is started by "radsluice demo", not by hand')
    await serveParent()
    return 0
  },
})

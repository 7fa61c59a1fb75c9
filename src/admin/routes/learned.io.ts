/**
 * The row `/learned`: of which clients' addresses and which servers `auto` has learned that they sign, by which packet, and
 * where signed and unsigned packets are mixed.
 *
 * It names the addresses of clients, so it needs the right to control. The answer is bounded, and `total` says how many
 * there are.
 */
import { learnedReport } from '../../observe/learned-report.ts'
import type { FoundLearned } from '../../proxy/signing.ts'
import { stray, wholeOf } from '../fields.ts'
import { jsonAnswer, type Route, refusal } from '../route.ts'

const LIMIT = { name: 'limit', least: 1, most: 10_000, usual: 100 }

/** `find` answers undefined where no instance runs. */
export function learnedRoutes(find: (limit: number) => Promise<FoundLearned | undefined>): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/learned',
      access: 'control',
      answer: async ({ query }) => {
        const unknown = stray(query.keys(), ['limit'], 'parameter')
        if (unknown !== undefined) return refusal(400, unknown)
        const limit = wholeOf(query.get('limit') ?? LIMIT.usual, LIMIT)
        if (!limit.ok) return refusal(400, limit.sentence)
        const found = await find(limit.value)
        if (found !== undefined) return jsonAnswer(200, learnedReport(found, Date.now() / 1_000))
        return refusal(503, 'no instance runs: each has crashed and is being restarted, so ask again')
      },
    },
  ]
}

/** A status lacks nothing that the commands read, and an answer that lacks something is told by it. */

import { expect, it } from 'vitest'
import { missingIn } from '../../../src/commands/text/status-shape.ts'
import { statusReport } from '../../../src/observe/status-report.ts'
import { instant } from '../../../src/units.ts'
import { calm } from '../../observe/intervals.ts'

const report = JSON.parse(JSON.stringify(statusReport(calm(), { monotonic: instant(0), unix: 0 }))) as Record<
  string,
  unknown
>

it('lacks nothing where it is whole', () => expect(missingIn(report)).toBeUndefined())

it.each(['health', 'lanes', 'pid', 'config', 'classes', 'clients', 'overrides'])(
  'is told by what it lacks: %s',
  (name) => {
    expect(missingIn({ ...report, [name]: undefined })).toBe(name)
    expect(missingIn({ ...report, [name]: null })).toBe(name)
    expect(missingIn({ ...report, [name]: 'another kind' })).toBe(name)
  },
)

/**
 * The commands of README, docs/ and bench/README.md that measure, in a short form.
 */
import { describe } from 'vitest'
import { describeTyping } from './kit/doc-typing.ts'

describeTyping(({ typeAll }) => describe('that measure', () => typeAll('bench')))

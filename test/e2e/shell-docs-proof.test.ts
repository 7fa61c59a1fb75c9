/**
 * The commands of README, docs/ and bench/README.md that prove something: simulation and tests.
 */
import { describe } from 'vitest'
import { describeTyping } from './kit/doc-typing.ts'

describeTyping(({ typeAll }) => describe('that prove', () => typeAll('proof')))

/**
 * The commands of README, docs/ and bench/README.md for which nothing need run: `shell-docs` has the others.
 */
import { describe } from 'vitest'
import { describeTyping } from './kit/doc-typing.ts'

describeTyping(({ typeAll }) => describe('where nothing runs', () => typeAll('nothing')))

/**
 * Whether batched packet I/O can run here: a checkout without optional packages (`npm ci --omit=optional`) has no koffi, and its
 * tests say that they are skipped.
 */
import { isFit } from '../../../src/transport/choice/packet-io.ts'
import { koffiVersion } from '../../../src/transport/choice/surroundings.io.ts'

export const canBatch = isFit(`${process.platform} ${process.arch}`) && koffiVersion() !== undefined

export const titled = (what: string): string =>
  canBatch ? what : `${what} [skipped: needs Linux on x64 or arm64, and the optional package koffi]`

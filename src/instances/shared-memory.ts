/**
 * The memory that the instances of a host share, and the engine's parts that stand on it.
 */
import type { Shared } from '../proxy/ports.ts'
import type { Instant } from '../units.ts'
import type { PlainOptions } from './plain-options.ts'
import type { Scope } from './sum.ts'

/** What the main thread hands to each instance. */
export interface SharedMemory {
  /** The slots of a lane by its key; none where each instance counts its own. */
  readonly budgets: Readonly<Record<string, SharedArrayBuffer>>
}

export class SharedMemories {
  constructor(_o: { readonly scope: Scope; readonly instances: number }) {}

  of(_options: PlainOptions): SharedMemory {
    return { budgets: {} }
  }

  announce(_options: PlainOptions, _now: Instant): void {}
}

export const sharedFrom = (_memory: SharedMemory): { readonly shared?: Shared } => ({})

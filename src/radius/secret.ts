/** Placeholder until the wire lands. */
export class Secret {}

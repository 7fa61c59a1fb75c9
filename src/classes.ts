/**
 * The classes of traffic.
 *
 * Each class has its own ports, queues, rates and identifiers. What is kept for each class is made with `perClass`, so a
 * further class needs no edit where such a value is made.
 */

export const TRAFFIC_CLASSES = ['authentication', 'accounting'] as const
export type TrafficClass = (typeof TRAFFIC_CLASSES)[number]
/** One value for each class. */
export type PerClass<T> = Readonly<Record<TrafficClass, T>>

/** Makes one value for each class, in the order of the classes. */
export const perClass = <T>(make: (trafficClass: TrafficClass) => T): Record<TrafficClass, T> =>
  perClassOf(TRAFFIC_CLASSES, make)

/** The same for a list of classes that is given. */
export const perClassOf = <C extends string, T>(classes: readonly C[], make: (trafficClass: C) => T): Record<C, T> =>
  Object.fromEntries(classes.map((each) => [each, make(each)])) as Record<C, T>

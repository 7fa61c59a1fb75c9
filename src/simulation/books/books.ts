/**
 * The books that several laws read, kept once. They are filled from what can be observed at the network and judge nothing.
 *
 * In the list of a world's observers they stand before the laws: a law that is told of something finds it in the books already.
 */
import type { EngineOptions } from '../../proxy/border/options.ts'
import type { Observer } from '../world/observer.ts'
import { HealthBook } from './health-book.ts'
import { InterimBook } from './interim-book.ts'
import { LaneBook } from './lane-book.ts'
import { TurnBook } from './turn-book.ts'

export interface Books {
  readonly lanes: LaneBook
  readonly interims: InterimBook
  readonly health: HealthBook
  readonly turns: TurnBook
}

export const booksFor = (options: EngineOptions): Books => {
  const lanes = new LaneBook(options)
  return { lanes, interims: new InterimBook(options), health: new HealthBook(lanes), turns: new TurnBook(options) }
}

/** Laws and the books that they read, as the observers of a world. */
export const withBooks = (options: EngineOptions, lawsOf: (books: Books) => readonly Observer[]): Observer[] => {
  const books = booksFor(options)
  return [books.lanes, books.interims, books.health, books.turns, ...lawsOf(books)]
}

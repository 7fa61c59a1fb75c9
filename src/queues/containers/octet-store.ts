/**
 * Octets that are kept for a while, out of the garbage collector's sight: waiting packets, answers for retransmissions.
 *
 * A Uint8Array for each of a million packets would cost more than the packets do. Here they stand in cells of large chunks. A cell
 * has the size of what it holds, rounded up to 8 octets, and all cells of a chunk are of one size:
 *
 *     +--------+--------+--------+--------+---
 *     | packet | free   | packet | packet | ...        a chunk: 64 KiB, cells of one size
 *     +--------+--------+--------+--------+---
 *
 * A cell is a number. Keeping and freeing are O(1). A chunk whose last cell was freed serves another size, or is given back.
 * Whoever fills the store bounds it.
 */
import { copyInto } from '../../fresh-octets.ts'

const UNIT = 8
const CHUNK_UNITS = 8_192
const CHUNK_OCTETS = UNIT * CHUNK_UNITS
/** As large as a packet can be. */
const LARGEST = 4_096
/** Free chunks that are not given back at once. */
const SPARE_CHUNKS = 64

/** One chunk and its free cells, chained through the cells themselves. */
class Chunk {
  readonly octets = new Uint8Array(CHUNK_OCTETS)
  readonly #links = new Int32Array(this.octets.buffer)
  /** In units of 8 octets. */
  cellSize = 0
  used = 0
  #firstFree = -1
  /** Cells from here on were never used. */
  #untouched = 0
  /** Its neighbours among the chunks of its size that have a free cell. */
  next: Chunk | undefined = undefined
  previous: Chunk | undefined = undefined
  number = 0

  begin(cellSize: number): void {
    this.cellSize = cellSize
    this.used = 0
    this.#firstFree = -1
    this.#untouched = 0
  }

  get isFull(): boolean {
    return this.#firstFree === -1 && this.#untouched + this.cellSize > CHUNK_UNITS
  }

  allocate(): number {
    this.used += 1
    if (this.#firstFree === -1) {
      const unit = this.#untouched
      this.#untouched += this.cellSize
      return unit
    }
    const unit = this.#firstFree
    this.#firstFree = this.#links[unit * (UNIT / 4)] as number
    return unit
  }

  release(unit: number): void {
    this.used -= 1
    this.#links[unit * (UNIT / 4)] = this.#firstFree
    this.#firstFree = unit
  }
}

export class OctetStore {
  /** By number; a cell is `number * CHUNK_UNITS + unit`. */
  readonly #chunks: (Chunk | undefined)[] = []
  readonly #freeNumbers: number[] = []
  readonly #spare: Chunk[] = []
  /** By size in units: the first of the chunks with a free cell. */
  readonly #withRoom: (Chunk | undefined)[] = new Array<Chunk | undefined>(LARGEST / UNIT + 1).fill(undefined)

  /** How many are kept. */
  kept = 0

  get reserved(): number {
    return (this.#chunks.length - this.#freeNumbers.length) * CHUNK_OCTETS
  }

  /** Copies `bytes`, 1-4096 octets; answers the cell. */
  keep(bytes: Uint8Array): number {
    const cellSize = Math.ceil(bytes.length / UNIT)
    this.kept += 1
    const chunk = this.#withRoom[cellSize] ?? this.#newChunk(cellSize)
    const unit = chunk.allocate()
    if (chunk.isFull) this.#unlink(chunk)
    copyInto(chunk.octets, bytes, unit * UNIT)
    return chunk.number * CHUNK_UNITS + unit
  }

  /** What was kept there, in place: not to be changed, and not to be read once it was freed. */
  at(cell: number, length: number): Uint8Array {
    const from = (cell % CHUNK_UNITS) * UNIT
    return this.#chunkOf(cell).octets.subarray(from, from + length)
  }

  free(cell: number): void {
    const chunk = this.#chunkOf(cell)
    this.kept -= 1
    const wasFull = chunk.isFull
    chunk.release(cell % CHUNK_UNITS)
    if (wasFull) this.#link(chunk)
    if (chunk.used === 0) this.#dismiss(chunk)
  }

  #chunkOf(cell: number): Chunk {
    const chunk = this.#chunks[Math.floor(cell / CHUNK_UNITS)]
    if (chunk === undefined) throw new Error('octet store: nothing was kept there')
    return chunk
  }

  #newChunk(cellSize: number): Chunk {
    if (cellSize < 1 || cellSize > LARGEST / UNIT) throw new RangeError(`octet store: keeps 1 to ${LARGEST} octets`)
    const chunk = this.#spare.pop() ?? new Chunk()
    chunk.number = this.#freeNumbers.pop() ?? this.#chunks.length
    this.#chunks[chunk.number] = chunk
    chunk.begin(cellSize)
    this.#link(chunk)
    return chunk
  }

  #dismiss(chunk: Chunk): void {
    this.#unlink(chunk)
    this.#chunks[chunk.number] = undefined
    this.#freeNumbers.push(chunk.number)
    if (this.#spare.length < SPARE_CHUNKS) this.#spare.push(chunk)
  }

  #link(chunk: Chunk): void {
    const first = this.#withRoom[chunk.cellSize]
    chunk.next = first
    if (first !== undefined) first.previous = chunk
    this.#withRoom[chunk.cellSize] = chunk
  }

  #unlink(chunk: Chunk): void {
    if (chunk.previous === undefined) this.#withRoom[chunk.cellSize] = chunk.next
    else chunk.previous.next = chunk.next
    if (chunk.next !== undefined) chunk.next.previous = chunk.previous
    chunk.next = undefined
    chunk.previous = undefined
  }
}

// A single-producer single-consumer ring of fixed-size records in shared memory: how stages on different threads
// (or on one) hand each other work without locks, copies or allocation. This file makes and attaches the memory;
// producer.ts and consumer.ts are the two sides, layout.ts the layout, ring.md the argument why it is right.

import { SeriatimError } from "../base/index.ts";
import {
  RECORD_ALIGNMENT_BYTES,
  RING_CAPACITY_MAX,
  RING_HEADER_BYTES,
  RING_MAGIC,
  RING_RECORDS_BYTES_MAX,
  RING_VERSION,
  RingLayout,
} from "./layout.ts";

export interface RingOptions {
  /** Size of a record, a multiple of 8. */
  readonly recordBytes: number;
  /** Records in the ring, a power of two. */
  readonly capacity: number;
}

/** One thread's view of a ring. Give `shared` to the other thread and attach it there. */
export class Ring {
  readonly shared: SharedArrayBuffer;
  readonly capacity: number;
  readonly recordWords: number;
  /** The record area only: record i starts at words[i * recordWords]. */
  readonly words: Int32Array;
  /** The same memory as `words`. */
  readonly bytes: Uint8Array;
  /** The header, for the two sides; see RingLayout. */
  readonly header: Int32Array;

  private constructor(shared: SharedArrayBuffer) {
    this.shared = shared;
    this.header = new Int32Array(shared, 0, RingLayout.records);
    this.capacity = this.header[RingLayout.capacity];
    this.recordWords = this.header[RingLayout.recordBytes] / Int32Array.BYTES_PER_ELEMENT;
    this.words = new Int32Array(shared, RING_HEADER_BYTES);
    this.bytes = new Uint8Array(shared, RING_HEADER_BYTES);
  }

  /** A view of the ring in `shared`; throws SeriatimError `RING_INVALID` when there is none. */
  static attach(shared: SharedArrayBuffer): Ring {
    if (shared.byteLength < RING_HEADER_BYTES) {
      throw new SeriatimError(
        "RING_INVALID",
        `no ring in ${shared.byteLength} bytes of shared memory: too short`,
      );
    }
    const header = new Int32Array(shared, 0, RingLayout.records);
    if (header[RingLayout.magic] !== RING_MAGIC || header[RingLayout.version] !== RING_VERSION) {
      throw new SeriatimError("RING_INVALID", "the shared memory holds no ring of this version");
    }
    const options = { recordBytes: header[RingLayout.recordBytes], capacity: header[RingLayout.capacity] };
    if (shared.byteLength !== sharedBytes(options)) {
      throw new SeriatimError(
        "RING_INVALID",
        `a ring of ${options.capacity} x ${options.recordBytes} bytes does not have ${shared.byteLength} bytes`,
      );
    }
    return new Ring(shared);
  }
}

/** Makes an empty ring; throws SeriatimError `RING_OPTIONS` when the options are out of range. */
export function createRing(options: RingOptions): Ring {
  return createRingAt(options, 0);
}

/** A ring whose cursors begin at `start` (any i32): for tests, which bring them to the wrap that way. */
export function createRingAt(options: RingOptions, start: number): Ring {
  const shared = new SharedArrayBuffer(sharedBytes(options));
  const header = new Int32Array(shared, 0, RingLayout.records);
  header[RingLayout.magic] = RING_MAGIC;
  header[RingLayout.version] = RING_VERSION;
  header[RingLayout.recordBytes] = options.recordBytes;
  header[RingLayout.capacity] = options.capacity;
  header[RingLayout.start] = start;
  header[RingLayout.tail] = start;
  header[RingLayout.head] = start;
  return Ring.attach(shared);
}

/** The size of the shared memory; checks the options. */
function sharedBytes({ recordBytes, capacity }: RingOptions): number {
  const aligned = Number.isInteger(recordBytes) && recordBytes % RECORD_ALIGNMENT_BYTES === 0;
  if (!aligned || recordBytes <= 0) {
    throw new SeriatimError(
      "RING_OPTIONS",
      `a ring's records cannot have ${recordBytes} bytes: not a multiple of 8`,
    );
  }
  const powerOfTwo = Number.isInteger(capacity) && (capacity & (capacity - 1)) === 0;
  if (!powerOfTwo || capacity <= 0 || capacity > RING_CAPACITY_MAX) {
    throw new SeriatimError(
      "RING_OPTIONS",
      `a ring's capacity cannot be ${capacity}: not a power of two up to 2^30`,
    );
  }
  if (recordBytes * capacity > RING_RECORDS_BYTES_MAX) {
    throw new SeriatimError(
      "RING_OPTIONS",
      `a ring of ${capacity} x ${recordBytes} bytes is larger than 1 GiB`,
    );
  }
  return RING_HEADER_BYTES + recordBytes * capacity;
}

// A replica's application, fed by its thread: the records that the journal stored, a ring's worth at a time, so that the
// event loop has its turn in between.

import { type Application, RecordBuffer, SeriatimError } from "../../base/index.ts";
import { COMMAND_BYTES, COMMAND_WORDS, EVENT_WORDS } from "../../protocol/index.ts";
import { createRing, type Ring, RingConsumer } from "../../ring/index.ts";

/** Records on their way to the application: 5 MiB. Beyond it the thread, and so the primary's line, waits. */
const RECORDS_MAX = 65_536;
/** Applied between two looks at the event loop. */
const RECORDS_PER_TURN = 4_096;
/** Events nobody waits for, thrown away by the thousand. */
const DISCARDED_EVENTS = 1_024;

export class Applying {
  /** The last position applied. */
  position: number;
  readonly application: Application;
  readonly #ring: Ring = createRing({ recordBytes: COMMAND_BYTES, capacity: RECORDS_MAX });
  readonly #records = new RingConsumer(this.#ring);
  #isOver = false;

  /** `application` has applied everything up to `position`. */
  constructor(application: Application, position: number) {
    this.application = application;
    this.position = position;
  }

  /** Where the records are put. */
  get shared(): SharedArrayBuffer {
    return this.#ring.shared;
  }

  /** Takes no more: whoever sends is told. */
  end(): void {
    this.#isOver = true;
    this.#records.fail();
  }

  /** Applies until the records end or `end()`. Rejects with LOG_UNKNOWN for one that the application can't apply. */
  async run(): Promise<void> {
    const records = this.#records;
    while (!this.#isOver && !records.ended()) {
      const count = records.available(RECORDS_PER_TURN);
      if (count === 0) await records.whenRecords();
      else this.#apply(count);
      if (count > 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #apply(count: number): void {
    const { application } = this;
    const { words } = this.#ring;
    const at = this.#records.offset();
    try {
      for (let i = 0; i < count; i++) application.apply(words, at + i * COMMAND_WORDS, discarded);
    } catch (error) {
      const what = `the log can't be applied by this version from position ${this.position + 1} on`;
      throw new SeriatimError("LOG_UNKNOWN", `${what}: ${String(error)}`, { cause: error });
    }
    this.#records.release(count);
    this.position += count;
  }
}

const discarded = new RecordBuffer(EVENT_WORDS, DISCARDED_EVENTS, () => {});

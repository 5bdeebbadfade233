// A publisher of our client library under the same conditions as one on the wire: what comes back after a broker's end, and what is sent again,
// is the library's doing here. Its batches are made of records that name them, which holds while it numbers batches as they are published.

import { setTimeout as sleep } from "node:timers/promises";
import type { SeriatimError } from "../../src/base/index.ts";
import { TapePublisher } from "../../src/tape-runtime/index.ts";
import { drawSizes } from "./marked-batch.ts";
import type { PublisherPlan, PublisherTools } from "./wire-publisher.ts";

const RETRY_MS = 20;
/** More than is ever on its way: nothing is refused for want of room. */
const ROOM_BYTES = 64 * 1024 * 1024;

export class LibraryPublisher {
  readonly plan: PublisherPlan;
  /** Acknowledged. */
  batches = 0;
  bytes = 0;
  readonly #tools: PublisherTools;
  readonly #publisher: Promise<TapePublisher>;
  #connected: TapePublisher | undefined;
  #sent = 0;
  #unacknowledgedBytes = 0;
  #isEnding = false;

  constructor(plan: PublisherPlan, tools: PublisherTools) {
    this.plan = plan;
    this.#tools = tools;
    this.#publisher = this.#connect();
  }

  /** The first connection is tried until somebody listens; later ones are the library's. */
  async #connect(): Promise<TapePublisher> {
    const { publisher, topic, order, ack, library } = this.plan;
    const compress = library === "zstd" ? ("zstd" as const) : undefined;
    const terms = { port: this.#tools.port, publisher, topic, order, ack, compress };
    for (;;) {
      try {
        this.#connected = await TapePublisher.connect({
          ...{ ...terms, batchBytes: 2_097_152, inFlightBytes: ROOM_BYTES },
        });
        break;
      } catch {
        await sleep(RETRY_MS);
      }
    }
    void this.#connected.closed.then((failure) => this.#over(failure));
    this.pump();
    return this.#connected;
  }

  #over(failure: SeriatimError | undefined): void {
    this.#connected = undefined;
    if (failure !== undefined) this.#complain(`${failure.code}: ${failure.message}`);
  }

  /** Publishes what may be published. */
  pump(): void {
    const { windowBytes, mayMake } = this.#tools;
    while (this.#connected !== undefined && !this.#isEnding) {
      if (this.#unacknowledgedBytes >= windowBytes || !mayMake()) return;
      this.#make(this.#connected);
    }
  }

  #make(publisher: TapePublisher): void {
    const { prng, maker, ledger, largestOneIn, made } = this.#tools;
    const batch = this.#sent + 1;
    const { epoch } = publisher;
    const { payloadBytes, records } = drawSizes(prng, largestOneIn);
    const values = maker.values({ ...this.plan, epoch, batch }, payloadBytes, records);
    ledger?.sent(epoch, batch);
    this.#sent = batch;
    this.#unacknowledgedBytes += payloadBytes;
    made(payloadBytes);
    publisher.publishBatch(values.map((value) => ({ value }))).then(
      (published) => this.#acknowledged(epoch, batch, payloadBytes, published.batch),
      (error: SeriatimError) => this.#complain(`batch ${batch}: ${error.code}: ${error.message}`),
    );
  }

  #acknowledged(epoch: number, batch: number, bytes: number, said: number): void {
    if (said !== batch) this.#complain(`batch ${batch} was acknowledged as ${said}`);
    this.#unacknowledgedBytes -= bytes;
    this.batches++;
    this.bytes += bytes;
    this.#tools.ledger?.acknowledged(epoch, batch);
    this.pump();
  }

  #complain(what: string): void {
    this.#tools.complain(`publisher ${this.plan.publisher} of the library: ${what}`);
  }

  /** Publishes no more; resolves when all is acknowledged and the connection is closed. */
  async end(): Promise<void> {
    this.#isEnding = true;
    const publisher = await this.#publisher;
    await publisher.close();
  }
}

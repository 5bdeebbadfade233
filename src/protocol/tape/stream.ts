// Cuts a stream of bytes into messages, for whoever reads whole messages: clients, and a broker's connections before they publish. A
// message is collected in memory of its own size, given by `allocate`, so that a batch is copied once and its memory is its
// reader's to keep; what is small shares one buffer, and is lent for the call.

import {
  type TapeMemory,
  type TapeSender,
  tapeHeadProblem,
  tapeLengthAt,
  tapeMemoryOf,
  tapeTypeAt,
} from "./head.ts";
import { TAPE_TEXT_BYTES_MAX, TapeEnd, TapeHead, TapeType } from "./layout.ts";
import { TapeReason } from "./reasons.ts";

/** Takes the message of `type` at the start of `memory`, `length` bytes long; false ends the stream. A Batch's memory is the visitor's to keep. */
export type TapeVisitor = (type: TapeType, memory: TapeMemory, length: number) => boolean;

/** What is shared by small messages: all but Batch, Request and Reply. */
const SHARED_BYTES = TapeEnd.bytes + TAPE_TEXT_BYTES_MAX + 512;

export class TapeStream {
  readonly #sender: TapeSender;
  readonly #allocate: (bytes: number) => Uint8Array;
  readonly #shared = tapeMemoryOf(new Uint8Array(SHARED_BYTES));
  /** Of the message that is being collected: its head alone at first. */
  #memory: TapeMemory = this.#shared;
  #have = 0;
  /** Up to where it is collected before it is looked at again. */
  #want: number = TapeHead.bytes;
  #problem: TapeReason = TapeReason.None;

  /** `allocate`: memory for a message beyond the small ones; need not be cleared. */
  constructor(sender: TapeSender, allocate: (bytes: number) => Uint8Array) {
    this.#sender = sender;
    this.#allocate = allocate;
  }

  /**
   * Hands every message that is whole with `bytes` to `visit`. Returns what is wrong with the stream: the first fault is final, and
   * what comes behind it is not looked at.
   */
  receive(bytes: Uint8Array, visit: TapeVisitor): TapeReason {
    let from = 0;
    while (from < bytes.length && this.#problem === TapeReason.None) {
      const take = Math.min(bytes.length - from, this.#want - this.#have);
      this.#memory.bytes.set(bytes.subarray(from, from + take), this.#have);
      this.#have += take;
      from += take;
      if (this.#have === this.#want && !this.#advance(visit)) break;
    }
    return this.#problem;
  }

  /** With the head: makes room for the rest. With the rest: hands it on. False ends the stream. */
  #advance(visit: TapeVisitor): boolean {
    const { view } = this.#memory;
    if (this.#have === TapeHead.bytes) {
      this.#problem = tapeHeadProblem(view, 0, this.#sender);
      if (this.#problem !== TapeReason.None) return false;
      const length = tapeLengthAt(view, 0);
      if (length > TapeHead.bytes) return this.#makeRoom(length);
    }
    const memory = this.#memory;
    const length = this.#want;
    this.#memory = this.#shared;
    this.#have = 0;
    this.#want = TapeHead.bytes;
    return visit(tapeTypeAt(memory.view, 0), memory, length);
  }

  #makeRoom(length: number): boolean {
    this.#want = length;
    if (length > SHARED_BYTES || tapeTypeAt(this.#shared.view, 0) === TapeType.Batch) {
      this.#memory = tapeMemoryOf(this.#allocate(length));
      this.#memory.bytes.set(this.#shared.bytes.subarray(0, TapeHead.bytes));
    }
    return true;
  }
}

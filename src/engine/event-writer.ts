// Writes event records (protocol/events) into the engine's output. Keeps the event sequence, which only accepted
// events take, and marks the last event of each command.

import { highLane, lowLane, type RecordBuffer } from "../base/index.ts";
import { EVENT_WORDS, EventFlag, EventKind, EventWord } from "../protocol/index.ts";

export class EventWriter {
  /** The sequence of the last event: 0 before the first. A safe integer. */
  sequence = 0;
  /** Trades since the first command. */
  trades = 0;
  #out: RecordBuffer | undefined;
  #words: Int32Array = new Int32Array(0);
  #last = 0;
  #command = 0;
  #symbol = 0;
  #account = 0;
  #idLow = 0;
  #idHigh = 0;
  #sideTypeTif = 0;

  /** Names the command whose events follow: its kind and the order it is about. */
  begin(
    out: RecordBuffer,
    command: number,
    symbol: number,
    account: number,
    idLow: number,
    idHigh: number,
    sideTypeTif: number,
  ): void {
    this.#out = out;
    this.#words = out.words;
    this.#command = command << 16;
    this.#symbol = symbol;
    this.#account = account;
    this.#idLow = idLow;
    this.#idHigh = idHigh;
    this.#sideTypeTif = sideTypeTif;
  }

  /** Marks the last event of the command. It is still in the buffer: a full buffer drains only at the next claim. */
  end(): void {
    this.#words[this.#last + EventWord.kindReasonCommandFlags] |= EventFlag.Last << 24;
  }

  accept(price: number, quantity: number): void {
    const at = this.#write(EventKind.Accept, price, quantity);
    this.#stampSequence(at);
  }

  /** `price` and `quantity` are where and how much rested. */
  cancel(price: number, quantity: number): void {
    const at = this.#write(EventKind.Cancel, price, quantity);
    this.#stampSequence(at);
  }

  modify(
    price: number,
    quantity: number,
    previousPrice: number,
    previousQuantity: number,
    inPlace: boolean,
  ): void {
    const kind = inPlace ? EventKind.Modify | (EventFlag.InPlace << 24) : EventKind.Modify;
    const at = this.#write(kind, price, quantity);
    this.#stampSequence(at);
    const words = this.#words;
    words[at + EventWord.previousPriceLow] = lowLane(previousPrice);
    words[at + EventWord.previousPriceHigh] = highLane(previousPrice);
    words[at + EventWord.previousQuantity] = previousQuantity;
  }

  trade(
    makerIdLow: number,
    makerIdHigh: number,
    makerAccount: number,
    price: number,
    quantity: number,
    leaves: number,
    makerLeaves: number,
  ): void {
    const at = this.#write(EventKind.Trade, price, quantity);
    this.#stampSequence(at);
    this.trades++;
    const words = this.#words;
    words[at + EventWord.makerIdLow] = makerIdLow;
    words[at + EventWord.makerIdHigh] = makerIdHigh;
    words[at + EventWord.leaves] = leaves;
    words[at + EventWord.makerAccount] = makerAccount;
    words[at + EventWord.makerLeaves] = makerLeaves;
  }

  /** A refusal is an event without a sequence; it is always the only one of its command. */
  reject(reason: number): void {
    this.#write(EventKind.Reject | (reason << 8) | (EventFlag.Last << 24), 0, 0);
  }

  /** Fills a whole record with what all kinds share, so that nothing of an older one shows through. */
  #write(kind: number, price: number, quantity: number): number {
    const at = (this.#out as RecordBuffer).claim();
    const words = this.#words;
    words[at + EventWord.kindReasonCommandFlags] = kind | this.#command;
    words[at + EventWord.symbol] = this.#symbol;
    words[at + EventWord.sequenceLow] = 0;
    words[at + EventWord.sequenceHigh] = 0;
    words[at + EventWord.orderIdLow] = this.#idLow;
    words[at + EventWord.orderIdHigh] = this.#idHigh;
    words[at + EventWord.makerIdLow] = 0;
    words[at + EventWord.makerIdHigh] = 0;
    words[at + EventWord.priceLow] = lowLane(price);
    words[at + EventWord.priceHigh] = highLane(price);
    words[at + EventWord.quantity] = quantity;
    words[at + EventWord.leaves] = 0;
    words[at + EventWord.account] = this.#account;
    words[at + EventWord.makerAccount] = 0;
    words[at + EventWord.makerLeaves] = 0;
    words[at + EventWord.sideTypeTif] = this.#sideTypeTif;
    words[at + EventWord.previousPriceLow] = 0;
    words[at + EventWord.previousPriceHigh] = 0;
    words[at + EventWord.previousQuantity] = 0;
    words[at + EVENT_WORDS - 1] = 0;
    this.#last = at;
    return at;
  }

  #stampSequence(at: number): void {
    const sequence = ++this.sequence;
    this.#words[at + EventWord.sequenceLow] = lowLane(sequence);
    this.#words[at + EventWord.sequenceHigh] = highLane(sequence);
  }
}

// What is known of one channel's sequence: how far it was told, how far it goes, which packets came early, and so what is missing. It
// counts what becomes of missing messages, and says what to ask for; it tells nothing itself.
//
// Bounds: the window's; a request for what is missing every ASK_EVERY_US.

import { MD_RETRANSMIT_MESSAGES_MAX } from "../../protocol/index.ts";
import { type ChannelFigures, PacketSource } from "./figures.ts";
import { PacketWindow } from "./packet-window.ts";

/**
 * Requests of a channel are so far apart at least: what opens meanwhile is asked for together, and a service takes 100 a second of
 * a connection, which has three channels at most.
 */
const ASK_EVERY_US = 50_000;

export class ChannelOrder {
  /** The sequence that comes next; 0: not known yet. */
  next = 0;
  readonly window: PacketWindow;
  readonly #figures: ChannelFigures;
  /** One beyond the highest sequence known to exist; who said so, when. */
  #announced = 0;
  #announcedBy: PacketSource = PacketSource.LineA;
  #announced_us = 0;
  /** Gaps below this were asked for; the others may be from `askAgain_us` on. */
  #askedTo = 0;
  askAgain_us = 0;

  constructor(figures: ChannelFigures, windowPackets: number) {
    this.#figures = figures;
    this.window = new PacketWindow(windowPackets);
  }

  /** Another epoch begins: nothing is known. */
  restart(): void {
    this.next = 0;
    this.#announced = 0;
    this.window.clear();
    this.askAnew();
  }

  /** A snapshot leads up to `first` and passes over `passed` messages: those that nothing had shown to be missing are a gap, too. */
  goTo(first: number, passed: number): void {
    if (this.next !== 0) {
      this.#figures.lost += passed;
      this.#noteMissing(passed - Math.max(0, this.#announced - this.next));
    }
    this.next = first;
    this.#announced = Math.max(this.#announced, first);
  }

  /** Notes that the sequences from `first` to `end` came from `source`, and that everything before them exists. */
  announce(source: PacketSource, first: number, end: number, now_us: number): void {
    const known = this.#announced;
    if (end > known) {
      this.#announced = end;
      this.#announced_us = now_us;
    }
    if (first <= known) return;
    this.#announcedBy = source;
    if (known !== 0) this.#noteMissing(first - known);
  }

  #noteMissing(count: number): void {
    if (count <= 0) return;
    this.#figures.gaps++;
    this.#figures.missing += count;
  }

  /** How many of the sequences from `first` to `end` are new, and known to be missing: before they are announced. */
  lateOf(first: number, end: number): number {
    return this.next === 0 ? 0 : Math.max(0, Math.min(end, this.#announced) - Math.max(first, this.next));
  }

  /** Counts `late` messages that came after all. */
  noteLate(source: PacketSource, isRetransmitted: boolean, late: number): void {
    if (isRetransmitted) this.#figures.recoveredByRetransmission += late;
    else if (source !== this.#announcedBy) this.#figures.recoveredByLine += late;
    else this.#figures.reordered += late;
  }

  /** Keeps a packet until its turn comes. False: it holds nothing new, or there is no room. */
  keep(bytes: Uint8Array, from: number, to: number, first: number, end: number, now_us: number): boolean {
    if (this.window.isFull) {
      this.#figures.overflowed++;
      return false;
    }
    const isNew = this.window.put(bytes, from, to, first, end, now_us);
    if (!isNew) this.#figures.duplicates++;
    return isNew;
  }

  /** The end of the first gap; `next` when there is none. */
  get gapEnd(): number {
    return Math.max(this.next, this.window.count > 0 ? this.window.first(0) : this.#announced);
  }

  /** When the first gap was seen. */
  get gapSeen_us(): number {
    return this.window.count > 0 ? this.window.arrival_us(0) : this.#announced_us;
  }

  /** Whether the first gap was asked for. */
  get isAsked(): boolean {
    return this.next < this.#askedTo;
  }

  /** Whatever was asked for counts as not asked for. */
  askAnew(): void {
    this.#askedTo = 0;
    this.askAgain_us = 0;
  }

  /**
   * Gives `ask` the gaps that were seen by `seenBy_us` and not asked for, as one stretch from the first of them to the end of the
   * last: first sequence and count.
   */
  askFor(now_us: number, seenBy_us: number, ask: (first: number, count: number) => void): void {
    const { window } = this;
    this.askAgain_us = now_us + ASK_EVERY_US;
    let [from, first, end] = [this.next, 0, 0];
    for (let i = 0; i <= window.count; i++) {
      const isLast = i === window.count;
      const to = isLast ? this.#announced : window.first(i);
      const seen_us = isLast ? this.#announced_us : window.arrival_us(i);
      if (to > from && from >= this.#askedTo && seen_us <= seenBy_us) {
        if (first === 0) first = from;
        end = to;
      }
      if (!isLast) from = Math.max(from, window.end(i));
    }
    if (first === 0) return;
    const count = Math.min(end - first, MD_RETRANSMIT_MESSAGES_MAX);
    this.#figures.retransmissionsAsked++;
    this.#askedTo = first + count;
    ask(first, count);
  }
}

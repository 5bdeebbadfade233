// Packets of one channel in, from whichever line or stream, in any order, twice or not at all; its messages out, each once and in order.
//
//   a packet                            is
//   of another epoch                    the end of all that is known: a snapshot is asked for. Of lines a lower one is dropped, as a late
//                                       packet of what is over, unless nothing of the higher one has come for silence_us
//   of a snapshot                       told when one is awaited and it comes part by part (snapshot-run.ts)
//   that begins at `next` or before     told but for what was told (symbol-gate.ts), then those that wait behind it
//   that begins behind `next`           kept in the window, and what is missing is recovered (channel-order.ts, recovery-course.ts)
//
// While a snapshot is on its way the packets of a whole channel are kept, and then spliced by each symbol's own sequence (symbol-gate.ts).
// Of a subscription to some symbols, or of one that is conflated, the channel's sequence has holes by intent: its packets come over one
// stream in order and are told as they come, and the symbol's sequence alone says whether something is missing.

import {
  EVERY_SYMBOL,
  MarketDataReader,
  MD_RETRANSMIT_MESSAGES_MAX,
  MdType,
  PacketFlag,
} from "../../protocol/index.ts";
import { ChannelOrder } from "./channel-order.ts";
import { ChannelFigures, PacketSource } from "./figures.ts";
import { type MarketDataListener, tell } from "./listener.ts";
import { RecoveryAction, RecoveryCourse, type RecoveryLimits, RecoveryState } from "./recovery-course.ts";
import { PartOutcome, SnapshotRun, Want } from "./snapshot-run.ts";
import { SymbolGate, Verdict } from "./symbol-gate.ts";

export interface ReceiverLimits extends RecoveryLimits {
  /** A channel that nothing was heard of for so long is stale. */
  readonly silence_us: number;
}

export interface ReceiverOptions {
  /** Everything comes over one connection, in order: what it says last holds. */
  readonly isStream: boolean;
  /** The whole channel and every message of it: its sequence has no holes. */
  readonly isDense: boolean;
  readonly listener: MarketDataListener;
  readonly limits: ReceiverLimits;
  /** Packets that may wait for an earlier one, or for a snapshot. */
  readonly windowPackets: number;
  /** Asks for `count` messages from `first` on. */
  askRetransmission(epoch: number, first: number, count: number): void;
  /** Asks for a snapshot of a symbol, or of EVERY_SYMBOL. */
  askSnapshot(symbol: number): void;
}

/** How one channel of a feed stands, as its user sees it. */
export interface ChannelStatus {
  /** 0: nothing was heard yet. */
  readonly epoch: number;
  /** The sequence that comes next; 0: not known yet. */
  readonly next: number;
  /** What was told may be old. */
  readonly isStale: boolean;
  readonly figures: Readonly<ChannelFigures>;
}

const NEVER_US = Number.POSITIVE_INFINITY;

export class ChannelReceiver implements ChannelStatus {
  readonly figures = new ChannelFigures();
  readonly gate = new SymbolGate();
  /** 0: nothing was heard yet. */
  epoch = 0;
  isStale = true;
  readonly #options: ReceiverOptions;
  readonly #recovery: RecoveryCourse;
  readonly #order: ChannelOrder;
  readonly #run: SnapshotRun;
  readonly #reader = new MarketDataReader();
  /** Where the gap begins that recovery is about; 0: none. */
  #gapAt = 0;
  /** When symbols that a snapshot left stale are asked for again. */
  #staleAgain_us = 0;
  /** What the channel had come to when this was subscribed to: until it is told, what is told is old. */
  #behindUntil = 0;
  /** Anything live: of lines, what they brought themselves. */
  #heard_us: number;
  /** Anything of this epoch. */
  #epochHeard_us: number;

  constructor(options: ReceiverOptions, now_us: number) {
    this.#options = options;
    this.#recovery = new RecoveryCourse(options.limits);
    this.#order = new ChannelOrder(this.figures, options.windowPackets);
    this.#run = new SnapshotRun(this.figures, this.gate, options.listener);
    this.#heard_us = now_us;
    this.#epochHeard_us = now_us;
  }

  /** The sequence that comes next; 0: not known yet. */
  get next(): number {
    return this.#order.next;
  }

  get recovery(): RecoveryState {
    return this.#recovery.state;
  }

  /** When `tick` has something to do next. */
  get deadline_us(): number {
    const silent_us = this.isStale ? NEVER_US : this.#heard_us + this.#options.limits.silence_us;
    const again_us = this.#isAskingAgain ? this.#staleAgain_us : NEVER_US;
    const ask_us = this.#recovery.state === RecoveryState.Asking ? this.#order.askAgain_us : NEVER_US;
    return Math.min(silent_us, again_us, ask_us, this.#recovery.deadline_us);
  }

  /** Asked to send from `next` on, or everything from a snapshot on: a snapshot may be the answer to either. */
  subscribed(now_us: number): void {
    this.#behindUntil = 0;
    this.#run.restart();
    this.#run.singlesAsked = 0;
    this.#run.mayAnswer = true;
    if (this.next === 0) {
      // The subscription is the request already.
      this.#recovery.snapshotNeeded(now_us);
      this.#run.want(Want.Everything);
    } else if (this.#recovery.state === RecoveryState.Snapshot) this.#askSnapshot();
  }

  /** The service has taken the subscription, and was at `next` then. */
  accepted(epoch: number, next: number): void {
    if (epoch === this.epoch) this.#behindUntil = next;
  }

  /** One packet, `bytes[from, to)`, which packetProblem() has judged. */
  packet(source: PacketSource, bytes: Uint8Array, from: number, to: number, now_us: number): void {
    const reader = this.#reader;
    reader.bind(bytes, from, to);
    this.figures.packets[source]++;
    if (reader.epoch < this.epoch && !this.#mayGoBack(now_us)) {
      this.figures.old++;
      return;
    }
    this.#epochHeard_us = now_us;
    // Of lines: what comes by another way says nothing of whether they still bring anything.
    if (this.#options.isStream || source === PacketSource.LineA || source === PacketSource.LineB)
      this.#heard_us = now_us;
    if (reader.epoch !== this.epoch) this.#beginEpoch(reader.epoch, reader.isSnapshot, now_us);
    if (reader.isSnapshot) this.#snapshotPacket(source, bytes, from, to, now_us);
    else if (this.#options.isDense) this.#densePacket(source, bytes, from, to, now_us);
    else this.#sparsePacket(now_us);
    this.#judgeStaleness(now_us);
  }

  /** Does what is due by now. `isServed`: somebody may be asked to retransmit. */
  tick(now_us: number, isServed: boolean): void {
    const order = this.#order;
    const isNarrow = order.gapEnd - order.next <= MD_RETRANSMIT_MESSAGES_MAX;
    const action = this.#recovery.due(now_us, isServed && isNarrow);
    this.#act(action, Want.Everything);
    if (action === RecoveryAction.Retransmit) order.askAnew();
    this.#askForGaps(now_us);
    if (this.#isAskingAgain && now_us >= this.#staleAgain_us) this.#spoiled(now_us);
    this.#judgeStaleness(now_us);
  }

  /** The service is there (again): whatever was asked before is asked anew. */
  serviceOpened(now_us: number): void {
    this.#run.singlesAsked = 0;
    this.#run.streamEnded();
    this.#order.askAnew();
    this.#askForGaps(now_us);
    if (this.#recovery.state === RecoveryState.Snapshot) this.#askSnapshot();
  }

  /** What it all came over is gone: everything told may be old from now on. */
  disconnected(now_us: number): void {
    this.#heard_us = Number.NEGATIVE_INFINITY;
    this.#epochHeard_us = Number.NEGATIVE_INFINITY;
    this.#judgeStaleness(now_us);
  }

  /** What was asked for is not to be had. */
  refused(now_us: number): void {
    this.figures.refused++;
    this.#act(this.#recovery.refused(now_us), Want.Everything);
  }

  /** A symbol is stale although a snapshot came: its book is not what the listener makes of it. */
  get #isAskingAgain(): boolean {
    return this.gate.stale > 0 && this.#recovery.state === RecoveryState.Live;
  }

  /** Packets wait: nothing can be added to what is known. */
  get #isHeld(): boolean {
    return this.next === 0 || this.#recovery.state === RecoveryState.Snapshot;
  }

  /** A lower epoch is another publisher's, or of one whose clock was set back: not a late packet of what is over. */
  #mayGoBack(now_us: number): boolean {
    const { isStream, limits } = this.#options;
    return isStream || now_us - this.#epochHeard_us >= limits.silence_us;
  }

  #beginEpoch(epoch: number, isSnapshot: boolean, now_us: number): void {
    this.figures.epochs++;
    this.epoch = epoch;
    this.#behindUntil = 0;
    this.#gapAt = 0;
    this.#order.restart();
    this.#run.clear();
    this.gate.restart();
    this.#options.listener.epochBegan(epoch);
    const action = this.#recovery.snapshotNeeded(now_us);
    this.#run.want(Want.Everything);
    // A snapshot that comes by itself is the answer already.
    if (!isSnapshot) this.#act(action, Want.Everything);
  }

  #densePacket(source: PacketSource, bytes: Uint8Array, from: number, to: number, now_us: number): void {
    const order = this.#order;
    const { first, count, packetFlags } = this.#reader;
    const end = first + count;
    if (count > 0 && end <= this.next) {
      this.figures.duplicates++;
      return;
    }
    const late = order.lateOf(first, end);
    order.announce(source, first, end, now_us);
    const isNow = !this.#isHeld && first <= this.next;
    if (isNow || (count > 0 && order.keep(bytes, from, to, first, end, now_us))) {
      const isRetransmitted = (packetFlags & PacketFlag.Retransmitted) !== 0;
      order.noteLate(source, isRetransmitted, late);
      if (isRetransmitted) this.#recovery.progressed(now_us);
    }
    if (isNow && source === PacketSource.Stream && count > 0) this.#run.mayAnswer = false;
    if (isNow) this.#tellTo(end, now_us);
    this.#settle(now_us);
  }

  /** Tells what the reader is bound to, up to `end`: what was told already its symbol's sequence passes over. */
  #tellTo(end: number, now_us: number): void {
    this.#tellLive(false, now_us);
    if (end > this.next) this.#order.next = end;
  }

  /** Tells packets of the window whose turn has come, and says to recovery what is missing still. */
  #settle(now_us: number): void {
    const { window } = this.#order;
    while (!this.#isHeld && window.count > 0 && window.first(0) <= this.next) {
      const end = window.end(0);
      if (end > this.next) {
        this.#reader.bind(window.bytes(0), window.at(0), window.at(0) + window.length(0));
        this.#tellTo(end, now_us);
      }
      window.removeFirst();
    }
    if (!this.#isHeld) this.#judgeGap(now_us);
  }

  #judgeGap(now_us: number): void {
    const order = this.#order;
    const isOpen = order.gapEnd > order.next;
    if (this.#gapAt !== 0 && this.#gapAt !== order.next) {
      if (isOpen && order.isAsked) this.#recovery.gapMoved(now_us);
      else this.#recovery.gapClosed();
    }
    this.#gapAt = isOpen ? order.next : 0;
    if (isOpen) this.#recovery.gapSeen(order.gapSeen_us);
  }

  #askForGaps(now_us: number): void {
    const order = this.#order;
    if (this.#recovery.state !== RecoveryState.Asking || now_us < order.askAgain_us) return;
    const seenBy_us = now_us - this.#options.limits.reorderWait_us;
    order.askFor(now_us, seenBy_us, (first, count) =>
      this.#options.askRetransmission(this.epoch, first, count),
    );
  }

  #sparsePacket(now_us: number): void {
    const { first, count, packetFlags } = this.#reader;
    // Before its first snapshot there is nothing to add to, and the snapshot will have it.
    if (this.next === 0) return;
    const isConflated = (packetFlags & PacketFlag.Conflated) !== 0;
    if (count > 0) this.#run.mayAnswer = false;
    this.#tellLive(isConflated, now_us);
    // Where to go on from after a lost connection: what comes twice then is known by its symbol's sequence.
    this.#order.next = Math.max(this.next, isConflated ? first : first + count);
  }

  #tellLive(mayJump: boolean, now_us: number): void {
    const reader = this.#reader;
    this.#options.listener.sentAt_us = reader.sentAt_us;
    while (reader.next()) {
      if (reader.type === MdType.Conflated) {
        this.figures.conflated += reader.conflated;
        tell(reader, this.#options.listener, 0);
        continue;
      }
      const verdict = this.gate.judge(reader.symbol, reader.symbolSequence, mayJump);
      if (verdict === Verdict.Take) this.#take(now_us);
      else if (verdict === Verdict.Repeat) this.figures.repeats++;
      else if (verdict === Verdict.Hole) {
        this.figures.symbolGaps++;
        this.#options.listener.symbolStale(reader.symbol, true);
        this.#spoiled(now_us);
      } else if (verdict === Verdict.Stranger) this.figures.strangers++;
    }
  }

  #take(now_us: number): void {
    const reader = this.#reader;
    const { figures } = this;
    figures.messages++;
    if (reader.type === MdType.BookChecksum) figures.checksums++;
    if (tell(reader, this.#options.listener, reader.symbolSequence)) return;
    figures.mismatches++;
    this.gate.setStale(reader.symbol);
    this.#options.listener.symbolStale(reader.symbol, true);
    this.#spoiled(now_us);
  }

  /** Symbols are stale until a snapshot of them is through. A subscription to some is renewed, and goes on where that begins. */
  #spoiled(now_us: number): void {
    const want = this.#options.isDense ? Want.StaleSymbols : Want.Everything;
    this.#act(this.#recovery.snapshotNeeded(now_us), want);
  }

  /** Asks for a snapshot, if that is the action. */
  #act(action: RecoveryAction, want: Want): void {
    if (action !== RecoveryAction.Snapshot) return;
    // Asked again, it is wanted for what it was.
    if (this.#run.wanted === Want.Nothing) this.#run.want(want);
    this.#run.restart();
    this.#askSnapshot();
  }

  #askSnapshot(): void {
    this.figures.snapshotsAsked++;
    // Where there is but one symbol nobody could tell the answer from one of all.
    const isOfOne = this.#run.wanted === Want.StaleSymbols && this.gate.stale === 1 && this.gate.count > 1;
    if (isOfOne) this.#run.singlesAsked++;
    this.#options.askSnapshot(isOfOne ? this.gate.firstStale() : EVERY_SYMBOL);
  }

  #snapshotPacket(source: PacketSource, bytes: Uint8Array, from: number, to: number, now_us: number): void {
    const reader = this.#reader;
    if (this.#recovery.state !== RecoveryState.Snapshot) {
      if (source !== PacketSource.Stream || !this.#run.mayAnswer) return;
      this.#run.want(Want.Everything);
      this.#recovery.snapshotNeeded(now_us);
    }
    // One that leads up to less than what was told would take it back.
    const { first } = reader;
    if (first < this.next) return;
    const outcome = this.#run.take(source, reader, bytes, from, to);
    if (outcome === PartOutcome.None) return;
    this.#recovery.progressed(now_us);
    if (outcome === PartOutcome.Whole) this.#snapshotWhole(first, now_us);
  }

  #snapshotWhole(first: number, now_us: number): void {
    const { isUnsound, wanted } = this.#run;
    const isOfAll = this.#run.isOfAll();
    // It was asked for before everything was wanted; the other answer follows it.
    if (wanted === Want.Everything && !isOfAll) return this.#run.restart();
    this.figures.snapshots++;
    if (wanted === Want.Everything) {
      this.#order.goTo(first, this.#options.isDense ? first - this.next : this.#run.passed);
      this.gate.forgetOthers();
    }
    this.#run.clear();
    this.#recovery.snapshotWhole();
    this.#gapAt = 0;
    this.#order.askAnew();
    this.#staleAgain_us = now_us + this.#options.limits.snapshotWaitMax_us;
    if (this.gate.stale > 0 && !isOfAll && !isUnsound) this.#spoiled(now_us);
    this.#settle(now_us);
  }

  #judgeStaleness(now_us: number): void {
    const { limits, listener } = this.#options;
    const isAsking = this.#recovery.state === RecoveryState.Asking;
    const isSilent = now_us - this.#heard_us >= limits.silence_us;
    const isBehind = this.next < this.#behindUntil;
    const isStale = isSilent || isAsking || this.#isHeld || isBehind;
    if (isStale === this.isStale) return;
    this.isStale = isStale;
    listener.channelStale(isStale);
  }
}

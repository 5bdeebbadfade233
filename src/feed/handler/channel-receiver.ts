// Packets of one channel in, from whichever line or stream, in any order, twice or not at all; its messages out, each once and in order.
//
//   a packet                            is
//   of an older epoch                   dropped
//   of a newer epoch                    the end of all that is known: a snapshot is asked for
//   of a snapshot                       told when one is awaited and it comes part by part (snapshot-run.ts)
//   that begins at `next` or before     told from `next` on (of its whole channel), then those that wait behind it
//   that begins behind `next`           kept in the window, and what is missing is recovered (recovery-course.ts)
//
// While a snapshot is on its way the packets of a whole channel are kept, and then spliced by each symbol's own sequence (symbol-gate.ts).
// Of a subscription to some symbols, or of one that is conflated, the channel's sequence has holes by intent: its packets come over one
// stream in order and are told as they come, and the symbol's sequence alone says whether something is missing.
//
// Bounds: the window's; a request for what is missing every ASK_EVERY_US.

import { MarketDataReader, MD_RETRANSMIT_MESSAGES_MAX, MdType, PacketFlag } from "../../protocol/index.ts";
import { ChannelFigures, Source } from "./figures.ts";
import { type MarketDataListener, tell } from "./listener.ts";
import { PacketWindow } from "./packet-window.ts";
import { RecoveryAction, RecoveryCourse, type RecoveryLimits, RecoveryState } from "./recovery-course.ts";
import { ALL_SYMBOLS_WANTED, NONE_WANTED, SnapshotRun } from "./snapshot-run.ts";
import { SymbolGate, Verdict } from "./symbol-gate.ts";

/** Requests are so far apart at least: what opens meanwhile is asked for together, and a service takes 100 a second. */
const ASK_EVERY_US = 20_000;

export interface ReceiverLimits extends RecoveryLimits {
  /** A channel that nothing was heard of for so long is stale. */
  readonly silence_us: number;
}

export interface ReceiverOptions {
  /** A ChannelKind. */
  readonly channel: number;
  /** The whole channel and every message of it: its sequence has no holes. */
  readonly isDense: boolean;
  readonly listener: MarketDataListener;
  readonly limits: ReceiverLimits;
  /** Asks for `count` messages from `first` on. */
  askRetransmission(channel: number, epoch: number, first: number, count: number): void;
  /** Asks for the snapshot of a symbol, or EVERY_SYMBOL. */
  askSnapshot(channel: number, symbol: number): void;
}

export class ChannelReceiver {
  readonly figures = new ChannelFigures();
  readonly gate = new SymbolGate();
  /** 0: nothing was heard yet. */
  epoch = 0;
  /** The sequence that comes next; 0: not known yet. */
  next = 0;
  isStale = true;
  readonly #options: ReceiverOptions;
  readonly #recovery: RecoveryCourse;
  readonly #window = new PacketWindow();
  readonly #run = new SnapshotRun();
  readonly #reader = new MarketDataReader();
  /** The highest sequence known to exist, one beyond; and who said so, when. */
  #announced = 0;
  #announcedBy: Source = Source.LineA;
  #announced_us = 0;
  /** Where the gap begins that recovery is about; 0: none. */
  #gapAt = 0;
  /** When symbols that a snapshot left stale are asked for again. */
  #staleAgain_us = 0;
  /** Gaps below this were asked for; the others may be from `askAgain_us` on. */
  #askedTo = 0;
  #askAgain_us = 0;
  #heard_us: number;

  constructor(options: ReceiverOptions, now_us: number) {
    this.#options = options;
    this.#recovery = new RecoveryCourse(options.limits);
    this.#heard_us = now_us;
  }

  get recovery(): RecoveryState {
    return this.#recovery.state;
  }

  /** When `tick` has something to do next. */
  get deadline_us(): number {
    const silent_us = this.isStale
      ? Number.POSITIVE_INFINITY
      : this.#heard_us + this.#options.limits.silence_us;
    const again_us = this.#isAskingAgain ? this.#staleAgain_us : Number.POSITIVE_INFINITY;
    const ask_us =
      this.#recovery.state === RecoveryState.Asking ? this.#askAgain_us : Number.POSITIVE_INFINITY;
    return Math.min(silent_us, again_us, ask_us, this.#recovery.deadline_us);
  }

  /** Asked to send from `next` on, or everything from a snapshot on: a snapshot may be the answer to either. */
  subscribed(now_us: number): void {
    this.#run.restart();
    this.#run.expectAnswer();
    const action = this.next === 0 ? this.#recovery.snapshotNeeded(now_us) : RecoveryAction.None;
    // The subscription is the request already.
    if (action === RecoveryAction.Snapshot) this.#run.want(ALL_SYMBOLS_WANTED);
    else if (this.next !== 0 && this.#recovery.state === RecoveryState.Snapshot) this.#askSnapshot();
  }

  /** One packet, `bytes[from, to)`, which packetProblem() has judged. */
  packet(source: Source, bytes: Uint8Array, from: number, to: number, now_us: number): void {
    const reader = this.#reader;
    reader.bind(bytes, from, to);
    this.figures.packets[source]++;
    if (reader.epoch < this.epoch) {
      this.figures.old++;
      return;
    }
    this.#heard_us = now_us;
    if (reader.epoch > this.epoch) this.#beginEpoch(reader.epoch, reader.isSnapshot, now_us);
    if (reader.isSnapshot) this.#snapshotPacket(source, now_us);
    else if (this.#options.isDense) this.#densePacket(source, bytes, from, to, now_us);
    else this.#sparsePacket(now_us);
    this.#judgeStaleness(now_us);
  }

  /** Does what is due by now. `isServed`: somebody may be asked to retransmit. */
  tick(now_us: number, isServed: boolean): void {
    const { state } = this.#recovery;
    const isNarrow = state !== RecoveryState.Live && this.#gapEnd() - this.next <= MD_RETRANSMIT_MESSAGES_MAX;
    const action = this.#recovery.due(now_us, isServed && isNarrow);
    this.#act(action);
    if (action === RecoveryAction.Retransmit) this.#askedTo = this.#askAgain_us = 0;
    if (this.#recovery.state === RecoveryState.Asking && now_us >= this.#askAgain_us)
      this.#askForHoles(now_us);
    if (this.#isAskingAgain && now_us >= this.#staleAgain_us)
      this.#want(ALL_SYMBOLS_WANTED, this.#recovery.snapshotNeeded(now_us));
    this.#judgeStaleness(now_us);
  }

  /** A symbol is stale although a snapshot came: its book is not what the listener makes of it. */
  get #isAskingAgain(): boolean {
    return this.gate.stale > 0 && this.#recovery.state === RecoveryState.Live;
  }

  /** The service is there (again): whatever was asked before is asked anew. */
  serviceOpened(now_us: number): void {
    this.#askedTo = 0;
    if (this.#recovery.state === RecoveryState.Asking) this.#askForHoles(now_us);
    if (this.#recovery.state === RecoveryState.Snapshot) this.#askSnapshot();
  }

  /** What was asked for is not to be had. */
  refused(now_us: number): void {
    this.figures.refused++;
    this.#act(this.#recovery.refused(now_us));
  }

  #beginEpoch(epoch: number, isSnapshot: boolean, now_us: number): void {
    this.figures.epochs++;
    this.epoch = epoch;
    this.next = 0;
    this.#announced = 0;
    this.#gapAt = 0;
    this.#window.clear();
    this.#run.clear();
    this.gate.restart();
    this.#options.listener.epochBegan(epoch);
    const wasAsked = this.#recovery.state === RecoveryState.Snapshot;
    const action = this.#recovery.snapshotNeeded(now_us);
    this.#run.want(ALL_SYMBOLS_WANTED);
    // A snapshot that comes by itself is the answer already.
    if (!isSnapshot && !wasAsked) this.#act(action);
  }

  #densePacket(source: Source, bytes: Uint8Array, from: number, to: number, now_us: number): void {
    const { first, count } = this.#reader;
    const end = first + count;
    const known = this.#announced;
    const isNow = this.next !== 0 && this.#recovery.state !== RecoveryState.Snapshot && first <= this.next;
    if (count > 0 && end <= this.next) {
      this.figures.duplicates++;
      return;
    }
    this.#announce(source, first, end, now_us);
    if (isNow) {
      this.#noteLate(source, Math.min(end, known) - this.next, now_us);
      if (source === Source.Stream && count > 0) this.#run.answered();
      this.#tellFrom(end, now_us);
    } else if (count > 0 && this.#keep(bytes, from, to, first, end, now_us))
      this.#noteLate(source, Math.min(end, known) - first, now_us);
    this.#settle(now_us);
  }

  /** Whether the packet is kept until its turn comes. */
  #keep(bytes: Uint8Array, from: number, to: number, first: number, end: number, now_us: number): boolean {
    if (this.#window.isFull) {
      this.figures.overflowed++;
      return false;
    }
    const isNew = this.#window.put(bytes, from, to, first, end, now_us);
    if (!isNew) this.figures.duplicates++;
    return isNew;
  }

  /** Notes that everything up to `end` exists. */
  #announce(source: Source, first: number, end: number, now_us: number): void {
    const known = this.#announced;
    if (end > known) {
      this.#announced = end;
      this.#announced_us = now_us;
    }
    if (first <= known) return;
    this.#announcedBy = source;
    if (known === 0) return;
    this.figures.gaps++;
    this.figures.missing += first - known;
  }

  /** `late` messages came that were known to be missing. */
  #noteLate(source: Source, late: number, now_us: number): void {
    if (late <= 0 || this.next === 0) return;
    if ((this.#reader.packetFlags & PacketFlag.Retransmitted) !== 0) {
      this.figures.recoveredByRetransmission += late;
      this.#recovery.progressed(now_us);
    } else if (source !== this.#announcedBy) this.figures.recoveredByLine += late;
    else this.figures.reordered += late;
  }

  /** Tells what the reader is bound to, from `next` to `end`, then what follows it in the window. */
  #tellFrom(end: number, now_us: number): void {
    this.#tellLive(this.next - this.#reader.first, false, now_us);
    this.next = Math.max(this.next, end);
  }

  /** Tells packets of the window whose turn has come, and says to recovery what is missing still. */
  #settle(now_us: number): void {
    const window = this.#window;
    while (this.next !== 0 && this.#recovery.state !== RecoveryState.Snapshot && window.count > 0) {
      if (window.first(0) > this.next) break;
      const end = window.end(0);
      if (end > this.next) {
        this.#reader.bind(window.bytes, window.at(0), window.at(0) + window.length(0));
        this.#tellFrom(end, now_us);
      }
      window.removeFirst();
    }
    if (this.next === 0 || this.#recovery.state === RecoveryState.Snapshot) return;
    const isOpen = this.#gapEnd() > this.next;
    if (this.#gapAt !== 0 && this.#gapAt !== this.next) {
      if (isOpen && this.next < this.#askedTo) this.#recovery.gapMoved(now_us);
      else this.#recovery.gapClosed();
    }
    this.#gapAt = isOpen ? this.next : 0;
    if (isOpen) this.#recovery.gapSeen(window.count > 0 ? window.arrival_us(0) : this.#announced_us);
  }

  /** The end of the first gap; `next` when there is none. */
  #gapEnd(): number {
    if (this.#window.count > 0) return Math.max(this.next, this.#window.first(0));
    return Math.max(this.next, this.#announced);
  }

  /** Asks for the gaps that are old enough and were not asked for, as one stretch from the first to the end of the last. */
  #askForHoles(now_us: number): void {
    const window = this.#window;
    const { channel, limits } = this.#options;
    const seenBy_us = now_us - limits.reorderWait_us;
    this.#askAgain_us = now_us + ASK_EVERY_US;
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
    this.figures.retransmissionsAsked++;
    this.#options.askRetransmission(channel, this.epoch, first, count);
    this.#askedTo = first + count;
  }

  #sparsePacket(now_us: number): void {
    const { first, count, packetFlags } = this.#reader;
    // Before its first snapshot there is nothing to add to, and the snapshot will have it.
    if (this.next === 0) return;
    const isConflated = (packetFlags & PacketFlag.Conflated) !== 0;
    if (count > 0) this.#run.answered();
    this.#tellLive(0, isConflated, now_us);
    // Where to go on from after a lost connection: what comes twice then is known by its symbol's sequence.
    this.next = Math.max(this.next, isConflated ? first : first + count);
  }

  #tellLive(skip: number, mayJump: boolean, now_us: number): void {
    const reader = this.#reader;
    this.#options.listener.sentAt_us = reader.sentAt_us;
    for (let i = 0; reader.next(); i++) {
      if (i < skip) continue;
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
        this.#spoiled(reader.symbol, now_us);
      }
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
    this.#spoiled(reader.symbol, now_us);
  }

  /** A symbol of which something is wrong: it is stale until a snapshot of it is through. */
  #spoiled(symbol: number, now_us: number): void {
    this.#options.listener.symbolStale(symbol, true);
    // Of a subscription to some symbols, the subscription is renewed.
    this.#want(this.#options.isDense ? symbol : ALL_SYMBOLS_WANTED, this.#recovery.snapshotNeeded(now_us));
  }

  #want(symbol: number, action: RecoveryAction): void {
    this.#run.want(symbol);
    this.#act(action);
  }

  #act(action: RecoveryAction): void {
    if (action !== RecoveryAction.Snapshot) return;
    this.#run.restart();
    if (this.#run.wanted === NONE_WANTED) this.#run.want(ALL_SYMBOLS_WANTED);
    this.#askSnapshot();
  }

  #askSnapshot(): void {
    this.figures.snapshotsAsked++;
    this.#options.askSnapshot(this.#options.channel, this.#run.wanted);
  }

  #snapshotPacket(source: Source, now_us: number): void {
    const reader = this.#reader;
    const isAwaited = this.#recovery.state === RecoveryState.Snapshot;
    if (!isAwaited) {
      if (source !== Source.Stream || !this.#run.mayAnswer) return;
      this.#run.want(ALL_SYMBOLS_WANTED);
      this.#recovery.snapshotNeeded(now_us);
    }
    // One that leads up to less than what was told would take it back.
    if (reader.first < this.next || !this.#run.takes(source, reader.first, reader.part)) return;
    this.#recovery.progressed(now_us);
    this.#options.listener.sentAt_us = reader.sentAt_us;
    while (reader.next()) this.#tellSnapshot();
    if ((reader.packetFlags & PacketFlag.SnapshotLast) !== 0) this.#snapshotWhole(reader.first, now_us);
  }

  #tellSnapshot(): void {
    const reader = this.#reader;
    const { symbol } = reader;
    const { listener } = this.#options;
    if (reader.type === MdType.SnapshotBegin) {
      this.#beginSymbol(symbol, reader.nextSymbolSequence);
    } else if (this.#run.isSkipping) {
      return;
    } else if (reader.type !== MdType.SnapshotEnd) {
      if (reader.type === MdType.BookChecksum) this.figures.checksums++;
      if (!tell(reader, listener, this.#run.symbolSequence)) this.#run.isUnsound = true;
    } else if (this.#run.isUnsound) {
      this.figures.mismatches++;
      this.gate.setStale(symbol);
    } else if (this.gate.isStale(symbol)) {
      this.gate.end(symbol);
      listener.symbolStale(symbol, false);
    }
  }

  #beginSymbol(symbol: number, next: number): void {
    const { wanted } = this.#run;
    const isWanted = wanted === ALL_SYMBOLS_WANTED || wanted === symbol;
    this.#run.isSkipping = !isWanted || !this.gate.begin(symbol, next);
    this.#run.isUnsound = false;
    this.#run.symbolSequence = next - 1;
  }

  #snapshotWhole(first: number, now_us: number): void {
    this.figures.snapshots++;
    const isOfAll = this.#run.wanted === ALL_SYMBOLS_WANTED;
    this.#run.clear();
    this.#recovery.snapshotWhole();
    if (isOfAll) {
      if (this.next !== 0) this.figures.lost += first - this.next;
      this.next = first;
      this.#announced = Math.max(this.#announced, first);
      this.gate.forgetOthers();
    }
    this.#gapAt = 0;
    this.#askedTo = 0;
    this.#staleAgain_us = now_us + this.#options.limits.snapshotWaitMax_us;
    this.#settle(now_us);
  }

  #judgeStaleness(now_us: number): void {
    const { limits, listener } = this.#options;
    const isRecovering =
      this.#recovery.state === RecoveryState.Asking || this.#recovery.state === RecoveryState.Snapshot;
    const isSilent = now_us - this.#heard_us >= limits.silence_us;
    const isStale = isSilent || isRecovering || this.next === 0;
    if (isStale === this.isStale) return;
    this.isStale = isStale;
    listener.channelStale(isStale);
  }
}

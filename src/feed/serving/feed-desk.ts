// The service of the binary feed to all its subscribers, whatever carries them: who is let in, whose turn it is, what they share.
// Pure: its owner calls turn() when something was sealed or a peer took what it held, and tick() some times a second.

import { AddressTable, addressKey, type Checksums, type Clock } from "../../base/index.ts";
import { ChannelKind, PACKET_BYTES_MAX, PacketWriter } from "../../protocol/index.ts";
import { type FeedCarrier, FeedSession } from "./feed-session.ts";
import { FilteredChunks } from "./filtered-chunks.ts";
import { KeptHistory } from "./kept-history.ts";
import { PacketCopies } from "./packet-copies.ts";
import { Repacker } from "./repacker.ts";
import type { ServedChannel, ServedMarket } from "./served-channel.ts";
import type { FeedClose, ServingCounters, ServingLimits } from "./serving-limits.ts";
import type { ServingParts } from "./serving-parts.ts";
import { SharedChunks } from "./shared-chunks.ts";
import { SnapshotCarousel } from "./snapshot-carousel.ts";
import { SnapshotImages } from "./snapshot-images.ts";

/** Datagrams of snapshots that are sent at once. */
const CAROUSEL_PACKETS = 8;

export interface FeedDeskOptions {
  readonly market: ServedMarket;
  readonly checksums: Checksums;
  readonly clock: Clock;
  readonly limits: ServingLimits;
  readonly counters: ServingCounters;
}

/** What a peer that is let in leaves by. */
export interface Seat {
  readonly session: FeedSession;
  /** The connection is gone, and why. Once. */
  leave(why: FeedClose): void;
}

export class FeedDesk {
  readonly parts: ServingParts;
  readonly #sessions = new Set<FeedSession>();
  readonly #addresses: AddressTable;
  readonly #writer: PacketWriter;
  #isOver = false;

  constructor({ market, checksums, clock, limits, counters }: FeedDeskOptions) {
    const { chunk_bytes, scanPerTurn_bytes, snapshotPerTurn_bytes, snapshotsHeld_bytes } = limits;
    const images = { perTurn_bytes: snapshotPerTurn_bytes, held_bytes: snapshotsHeld_bytes };
    const repacker = new Repacker(checksums, chunk_bytes, scanPerTurn_bytes);
    const chunks = new SharedChunks(chunk_bytes);
    this.#writer = new PacketWriter(checksums);
    this.#addresses = new AddressTable(limits.addresses);
    this.parts = {
      ...{ market, checksums, clock, limits, counters },
      ...{ repacker, filtered: new FilteredChunks(repacker) },
      ...{ chunks, kept: keptOf(market, chunks, limits.keptForJoining_bytes) },
      images: new SnapshotImages(market, images),
      copies: new PacketCopies(checksums, chunk_bytes),
    };
  }

  /** A peer has come from `address`: its seat, or why there is none. */
  enter(carrier: FeedCarrier, address: string): Seat | FeedClose {
    const { counters, limits } = this.parts;
    const refusal = this.#refusalOf(address, limits);
    if (refusal !== undefined) {
      counters.closes[refusal]++;
      return refusal;
    }
    const session = new FeedSession(carrier, this.parts);
    this.#sessions.add(session);
    counters.subscribers++;
    counters.opened++;
    const leave = (why: FeedClose): void => {
      if (!this.#sessions.delete(session)) return;
      session.end();
      this.#addresses.leave(addressKey(address));
      counters.subscribers--;
      counters.closes[why]++;
    };
    return { session, leave };
  }

  /** Snapshots of these channels, for the datagrams. */
  carousel(channels: readonly ServedChannel[]): SnapshotCarousel {
    const copies = new PacketCopies(this.parts.checksums, CAROUSEL_PACKETS * PACKET_BYTES_MAX);
    return new SnapshotCarousel({ ...this.parts, copies }, channels);
  }

  /** Sends to everybody what there is for him; true: there is more to do at once. */
  turn(): boolean {
    if (this.parts.images.isFull) this.#makeRoom();
    this.parts.images.turn();
    for (const kept of this.parts.kept.values()) kept.follow();
    const isMore = this.#serve();
    this.parts.filtered.clear();
    // Room for snapshots comes when somebody has read: asking at once for another turn would not bring it.
    return isMore || this.parts.images.isShort;
  }

  #serve(): boolean {
    const { repacker, limits } = this.parts;
    let isMore = false;
    let left_bytes = limits.perTurn_bytes;
    let others = this.#sessions.size;
    for (const session of this.#sessions) {
      if (others-- === 0) break;
      if (left_bytes <= 0) return true;
      const before = session.sent_bytes + repacker.scanned_bytes;
      if (session.pump()) isMore = true;
      // What was read for it counts as what it was sent.
      left_bytes -= session.sent_bytes + repacker.scanned_bytes - before;
      // To the end of the line: who is not reached in this turn is the first in the next.
      this.#sessions.delete(session);
      this.#sessions.add(session);
    }
    return isMore;
  }

  /** Somebody waits for a snapshot that can't be made before the next turn. */
  get wantsTurn(): boolean {
    return this.parts.images.isShort || this.parts.images.isFull;
  }

  /** Ends who reads the snapshot that he holds slowest of all, if that is too slow while others wait. */
  #makeRoom(): void {
    const { clock, limits } = this.parts;
    const now_us = clock.monotonicMicros();
    let slowest: FeedSession | undefined;
    let least = limits.snapshotRate;
    for (const session of this.#sessions) {
      const rate = session.snapshotRate(now_us);
      if (rate >= least) continue;
      least = rate;
      slowest = session;
    }
    slowest?.giveUp();
  }

  /** `isCurrent`: what the channels say is how the market stands. True: somebody may be sent to again. */
  tick(isCurrent = true): boolean {
    let isMore = false;
    for (const session of this.#sessions) {
      session.tick(this.#writer, isCurrent);
      if (session.look()) isMore = true;
    }
    return isMore;
  }

  /** Tells all that it ends; nobody is let in any more. */
  shutDown(): void {
    this.#isOver = true;
    for (const session of this.#sessions) session.shutDown();
  }

  #refusalOf(address: string, { subscribersMax }: ServingLimits): FeedClose | undefined {
    if (this.#isOver) return "GoingAway";
    if (this.#sessions.size >= subscribersMax) return "Full";
    return this.#addresses.enter(addressKey(address)) ? undefined : "AddressFull";
  }
}

function keptOf(
  market: ServedMarket,
  chunks: SharedChunks,
  max_bytes: number,
): ReadonlyMap<number, KeptHistory> {
  const kept = new Map<number, KeptHistory>();
  for (const kind of Object.values(ChannelKind)) {
    const channel = market.channel(kind);
    if (channel !== undefined) kept.set(kind, new KeptHistory(channel, chunks, max_bytes));
  }
  return kept;
}

// The connections of other nodes to this one, a session for each. On a primary they are replicas; on any node, whoever asks
// how it stands. Anybody can connect: who has not shown that he is a replica gives way to the next, the oldest first, so
// that nobody can keep the replicas out. Where bytes come from is its user's: a listener with sockets, or a simulation.

import type { Clock } from "../../base/index.ts";
import type { RefusalCode } from "../../protocol/index.ts";
import {
  endingWords,
  RefusalNotice,
  type ServingNode,
  ServingSession,
  type SessionOutput,
} from "../../replication/index.ts";

/** For the last words to one that is refused or answered, and does not take them. */
const LAST_WORDS_US = 1_000_000;
/** Connections at once, those included that have not said who they are, and those whose session is over. */
export const SERVED_MAX = 8;

/** A connection that another node has made. */
export interface ServingLine extends SessionOutput {
  /** Of the other end. */
  readonly address: string;
  /** At once; or, when the other end is to have the last words, behind them. */
  end(hasLastWords: boolean): void;
}

export interface ServingNews {
  /** A replica is followed from here, with a row of the view. */
  connected(name: string, row: number, position: number): void;
  /** A replica lacks what the journal no longer has. */
  sendsSnapshot(name: string, position: number): void;
  ended(name: string, how: string): void;
  /** Nodes are refused for who they are, in one line, once in a while. */
  refused(line: string): void;
}

/** Nobody is told. */
export const UNTOLD: ServingNews = {
  connected: () => {},
  sendsSnapshot: () => {},
  ended: () => {},
  refused: () => {},
};

interface Connection {
  readonly session: ServingSession;
  readonly line: ServingLine;
  isKnown: boolean;
  /** When its session was seen to be over; undefined while it goes on. */
  ended_us: number | undefined;
}

export class ServingConnections {
  readonly #node: ServingNode;
  readonly #news: ServingNews;
  readonly #clock: Pick<Clock, "monotonicMicros">;
  readonly #nextTurn: (act: () => void) => void;
  readonly #connections = new Map<ServingLine, Connection>();
  readonly #refusals = new RefusalNotice();
  #lastTold = "";

  /** `nextTurn`: for what is to wait until others have had their turn. */
  constructor(
    node: ServingNode,
    news: ServingNews,
    clock: Pick<Clock, "monotonicMicros">,
    nextTurn: (act: () => void) => void,
  ) {
    this.#node = node;
    this.#news = news;
    this.#clock = clock;
    this.#nextTurn = nextTurn;
  }

  get count(): number {
    return this.#connections.size;
  }

  opened(line: ServingLine): void {
    if (this.#connections.size >= SERVED_MAX) this.#giveWay();
    const session = new ServingSession(this.#node, line, this.#clock.monotonicMicros());
    this.#connections.set(line, { session, line, isKnown: false, ended_us: undefined });
  }

  received(line: ServingLine, bytes: Uint8Array): void {
    const connection = this.#connections.get(line);
    if (connection === undefined) return;
    connection.session.received(bytes, this.#clock.monotonicMicros());
    this.#pump(connection);
  }

  /** It takes more again. */
  drained(line: ServingLine): void {
    const connection = this.#connections.get(line);
    if (connection !== undefined) this.#pump(connection);
  }

  closed(line: ServingLine): void {
    const connection = this.#connections.get(line);
    if (connection === undefined) return;
    connection.session.close();
    this.#look(connection);
    this.#connections.delete(line);
  }

  /** Sends what is new to everybody who wants it. */
  pump(): void {
    for (const connection of this.#connections.values()) this.#pump(connection);
  }

  /** Call it every so often: deadlines and heartbeats. */
  tick(): void {
    const now_us = this.#clock.monotonicMicros();
    for (const connection of this.#connections.values()) {
      const { session, ended_us } = connection;
      if (ended_us !== undefined && now_us - ended_us > LAST_WORDS_US) this.#drop(connection);
      else session.tick(now_us);
    }
    this.pump();
  }

  /** Ends every session, and with it its row: nobody counts any more. */
  endSessions(): void {
    for (const { session } of this.#connections.values()) session.close();
  }

  close(): void {
    this.endSessions();
    for (const { line } of this.#connections.values()) line.end(false);
  }

  /** There are more connections allowed than replicas have seats: one of them is no replica's, or over. */
  #giveWay(): void {
    for (const connection of this.#connections.values()) {
      if (connection.isKnown && connection.session.ended === undefined) continue;
      this.#look(connection);
      return this.#drop(connection);
    }
  }

  /** Refused by this node's disk before it is followed, it comes back four times a second. */
  #tellOnce(name: string, words: string): void {
    if (this.#lastTold !== words) this.#news.ended(name, words);
    this.#lastTold = words;
  }

  #tellRefused({ session, line }: Connection, code: RefusalCode): void {
    const told = this.#refusals.of(code, session.peer, line.address, this.#clock.monotonicMicros());
    if (told !== undefined) this.#news.refused(told);
  }

  #drop({ session, line }: Connection): void {
    this.#connections.delete(line);
    session.close();
    line.end(false);
  }

  /** Sends what there is; when more is left, in the next turn, so that others have theirs. */
  #pump(connection: Connection): void {
    if (connection.session.send(this.#clock.monotonicMicros())) this.#nextTurn(() => this.#pump(connection));
    this.#look(connection);
  }

  #look(connection: Connection): void {
    const { session, line } = connection;
    const { replica, snapshotTo, ended } = session;
    if (replica !== undefined && !connection.isKnown) {
      connection.isKnown = true;
      this.#news.connected(replica, session.row, session.sent);
    }
    if (snapshotTo !== undefined && !connection.isKnown) {
      connection.isKnown = true;
      this.#news.sendsSnapshot(snapshotTo.name, snapshotTo.position);
    }
    if (ended === undefined || connection.ended_us !== undefined) return;
    connection.ended_us = this.#clock.monotonicMicros();
    // Frames that a replica has not taken are nothing to wait for; the words to whoever was refused, or asked, are short.
    if (connection.isKnown && ended.kind !== "refused") this.#drop(connection);
    else line.end(true);
    if (ended.kind === "refused") this.#tellRefused(connection, ended.code);
    const words = endingWords(ended);
    if (replica !== undefined) this.#news.ended(replica, words);
    else if (ended.kind === "unreadable") this.#tellOnce(session.claimant ?? "", words);
  }
}

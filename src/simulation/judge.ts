// Judges a run by what its clients know and by the log that is left. Of every client's requests:
//
//   accepted   executed exactly once, and computing the log again accepts it with the same event sequence
//   rejected   by the engine: judged once, and refused for the same reason; by the gateway: never executed
//   unknown    executed once or not at all
//
// A request may stand in the log several times, as it was asked several times; all but the first are answered by a Repeat.
// And every state that any node had is the one that the log gives at that position, and time never goes back.

import { RecordBuffer, stateHash } from "../base/index.ts";
import { ExchangeEngine } from "../engine/index.ts";
import { NativeChecksums } from "../platform/index.ts";
import {
  COMMAND_WORDS,
  CommandKind,
  CommandWord,
  EVENT_WORDS,
  EventKind,
  EventWord,
  type Genesis,
  isGatewayRefusal,
  readTimestamp,
} from "../protocol/index.ts";
import type { Forgiveness } from "./forgiveness.ts";
import { LimitJudge } from "./limit-judge.ts";
import { RestrictionJudge } from "./restriction-judge.ts";
import { SessionJudge } from "./session-judge.ts";
import type { ClientRequest, SimulatedClient } from "./simulated-client.ts";

/** What a log says of one request. */
export interface Fate {
  readonly position: number;
  /** Of the event that accepted it, 0 when it was refused. */
  readonly sequence: number;
  readonly reason: number;
}

/** A log computed again: the fate of every request, and the state hashes that were asked for. */
export class Judge {
  readonly #engine = new ExchangeEngine();
  readonly #events: RecordBuffer;
  /** By account and number; repeats left out. */
  readonly #fates = new Map<string, Fate[]>();
  #fate: { sequence: number; reason: number; isRepeat: boolean } | undefined;
  #time_us = 0;
  readonly #hashes: ReadonlyMap<number, string>;
  readonly sessions = new SessionJudge(this.#engine);
  readonly restrictions = new RestrictionJudge();
  readonly limits = new LimitJudge();
  readonly #genesis: Genesis;
  readonly problems: string[] = [];

  /** `hashes`: what nodes had, in hexadecimal, by position; `genesis`: what logs begin with. */
  constructor(hashes: ReadonlyMap<number, string>, genesis: Genesis) {
    this.#hashes = hashes;
    this.#genesis = genesis;
    this.#events = new RecordBuffer(EVENT_WORDS, 64, (events) => {
      this.#look(events);
      this.restrictions.saw(events);
    });
  }

  /** The next records of the log. */
  readonly visit = (words: Int32Array, at: number, count: number, firstPosition: number): void => {
    for (let i = 0; i < count; i++) this.#apply(words, at + i * COMMAND_WORDS, firstPosition + i);
  };

  #apply(words: Int32Array, at: number, position: number): void {
    const time_us = readTimestamp(words, at);
    if (time_us < this.#time_us)
      this.problems.push(`position ${position}: its time is before the last one's`);
    this.#time_us = time_us;
    this.#fate = undefined;
    this.sessions.before(words, at, position);
    this.#engine.apply(words, at, this.#events);
    this.#events.drain();
    this.sessions.after(words, at, position);
    this.restrictions.after(words, at, position);
    this.limits.after(words, at, position, this.#genesis, this.restrictions.resting, this.#fate);
    const wanted = this.#hashes.get(position);
    if (wanted !== undefined && wanted !== hashOf(this.#engine))
      this.problems.push(`position ${position}: a node had another state than its log gives`);
    const kind = words[at] & 0xff;
    if (kind !== CommandKind.NewOrder && kind !== CommandKind.Cancel) return;
    const { sequence = 0, reason = 0, isRepeat = false } = this.#fate ?? {};
    if (isRepeat) return;
    const key = keyOf(words[at + CommandWord.account], words[at + CommandWord.requestLow]);
    this.#fates.set(key, [...(this.#fates.get(key) ?? []), { position, sequence, reason }]);
  }

  /** The first event of a command says what became of it. */
  #look({ words, used_words }: RecordBuffer): void {
    if (this.#fate !== undefined || used_words === 0) return;
    const [kind, reason] = [words[0] & 0xff, (words[0] >>> 8) & 0xff];
    const sequence = words[EventWord.sequenceHigh] * 4_294_967_296 + (words[EventWord.sequenceLow] >>> 0);
    const isRejected = kind === EventKind.Reject;
    this.#fate = { sequence: isRejected ? 0 : sequence, reason, isRepeat: kind === EventKind.Repeat };
  }

  /** Of the state behind all that was visited. */
  get hash(): string {
    return hashOf(this.#engine);
  }

  /** Of each time it was judged. */
  fatesOf(account: number, request: number): readonly Fate[] {
    return this.#fates.get(keyOf(account, request)) ?? [];
  }

  /** Everything that a client knows and the log contradicts, but for answers that what was `forgiven` explains. */
  check(client: SimulatedClient, forgiven: Pick<Forgiveness, "fatesOf" | "explained">): void {
    for (const request of client.requests) {
      const fates = this.fatesOf(client.account, request.number);
      const problem = contradiction(request, fates);
      if (problem === undefined) continue;
      const others = forgiven.fatesOf(client.account, request.number);
      // What is executed twice in one log nothing explains.
      if (fates.length <= 1 && others.some((fate) => says(fate, request))) {
        forgiven.explained.add(request);
        continue;
      }
      const what = request.kind === CommandKind.NewOrder ? "order" : "cancel of";
      this.problems.push(`client ${client.account}, ${what} ${request.idLow}: ${problem}`);
    }
  }
}

/** Whether that is what the client was told. */
function says({ sequence, reason }: Fate, { outcome, value }: ClientRequest): boolean {
  if (outcome === "accepted") return sequence === value;
  return outcome === "rejected" && sequence === 0 && reason === value;
}

function contradiction(request: ClientRequest, fates: readonly Fate[]): string | undefined {
  const { outcome, value } = request;
  if (fates.length > 1)
    return `executed ${fates.length} times, at ${fates.map((f) => f.position).join(", ")}`;
  const fate = fates.at(0);
  if (outcome === "unknown") return undefined;
  if (outcome === "rejected" && isGatewayRefusal(value))
    return fate === undefined ? undefined : `refused by the gateway, and in the log at ${fate.position}`;
  if (fate === undefined) return `${outcome}, and not in the log`;
  const said = outcome === "accepted" ? fate.sequence : fate.reason;
  return says(fate, request) ? undefined : `${outcome} with ${value}, and computed again it is ${said}`;
}

function keyOf(account: number, request: number): string {
  return `${account} ${request}`;
}

const checksums = new NativeChecksums();

function hashOf(engine: ExchangeEngine): string {
  return Buffer.from(stateHash(engine, checksums)).toString("hex");
}

// How a connection begins, up to the moment at which it is known who it is, what for, and that it may. Bytes in, one verdict out; what
// follows the Hello in the same read is left for whom it concerns.
//
//   WaitHello --no key named, and open--> WaitOpen
//        | a key is named: Challenge goes out
//   WaitProof --it proves the key, and the key may--> WaitOpen
//   any --wrong bytes, no right--> Over, `problem` says why
//
// Whether a key exists is said only together with whether it was proved: names can't be tried out.

import {
  decodeTapeHello,
  readTapeProof,
  TAPE_HELLO_BYTES_MAX,
  TapeHead,
  type TapeHelloFields,
  TapeReason,
  TapeSender,
  TapeType,
  type TopicGrant,
  tapeHeadProblem,
  tapeLengthAt,
  tapeMemory,
  tapeStatement,
  tapeTypeAt,
} from "../../protocol/index.ts";
import { mayEnter, meetsReserved, OPEN_GRANT, type TapeAccess } from "./access.ts";

export const HandshakeState = {
  WaitHello: 0,
  WaitProof: 1,
  /** Let in: whoever serves its role goes on. */
  WaitOpen: 2,
  Over: 3,
} as const;
export type HandshakeState = (typeof HandshakeState)[keyof typeof HandshakeState];

export class Handshake {
  state: HandshakeState = HandshakeState.WaitHello;
  problem: TapeReason = TapeReason.None;
  /** WaitProof: the nonce that is to go out. */
  nonce: Uint8Array | undefined;
  hello: TapeHelloFields | undefined;
  grant: TopicGrant | undefined;
  /** Over with NotAllowed: because the topic is another's own. */
  meetsReserved = false;
  readonly #access: TapeAccess;
  readonly #memory = tapeMemory(new ArrayBuffer(TAPE_HELLO_BYTES_MAX));
  #have = 0;
  #want: number = TapeHead.bytes;
  /** What a proof signs. */
  #statement: Uint8Array | undefined;

  constructor(access: TapeAccess) {
    this.#access = access;
  }

  /** Takes of `bytes[from, to)` what belongs to the handshake: returns where that ends. */
  take(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    while (at < to && this.state <= HandshakeState.WaitProof) {
      const end = Math.min(to, at + this.#want - this.#have);
      this.#memory.bytes.set(bytes.subarray(at, end), this.#have);
      this.#have += end - at;
      at = end;
      if (this.#have === this.#want) this.#advance();
    }
    return at;
  }

  #advance(): void {
    const { view } = this.#memory;
    if (this.#have > TapeHead.bytes) return this.#whole();
    const problem = tapeHeadProblem(view, 0, TapeSender.Client);
    if (problem !== TapeReason.None) return this.#fail(problem);
    const expected = this.state === HandshakeState.WaitHello ? TapeType.Hello : TapeType.Proof;
    if (tapeTypeAt(view, 0) !== expected) return this.#fail(TapeReason.Malformed);
    this.#want = tapeLengthAt(view, 0);
  }

  #whole(): void {
    if (this.state === HandshakeState.WaitHello) this.#judgeHello();
    else this.#judgeProof();
    this.#have = 0;
    this.#want = TapeHead.bytes;
  }

  #judgeHello(): void {
    const hello = decodeTapeHello(this.#memory, 0);
    if (typeof hello === "number") return this.#fail(hello);
    this.hello = hello;
    if (hello.key === "") {
      if (this.#access.isOpen) return this.#enter(OPEN_GRANT, hello);
      return this.#fail(TapeReason.Logon);
    }
    this.nonce = this.#access.challenge();
    this.#statement = tapeStatement(this.nonce, this.#memory.bytes.subarray(0, this.#have));
    this.state = HandshakeState.WaitProof;
  }

  #judgeProof(): void {
    const { hello } = this;
    if (hello === undefined || this.#statement === undefined) return this.#fail(TapeReason.Malformed);
    const proof = readTapeProof(this.#memory, 0);
    const grant = this.#access.grantFor(hello.key);
    if (grant === undefined || !this.#access.isProof(hello.key, this.#statement, proof)) {
      return this.#fail(TapeReason.Logon);
    }
    this.#enter(grant, hello);
  }

  #enter(grant: TopicGrant, hello: TapeHelloFields): void {
    if (!mayEnter(this.#access, grant, hello)) {
      this.meetsReserved = meetsReserved(this.#access, grant, hello);
      return this.#fail(TapeReason.NotAllowed);
    }
    this.grant = grant;
    this.state = HandshakeState.WaitOpen;
  }

  #fail(problem: TapeReason): void {
    this.problem = problem;
    this.state = HandshakeState.Over;
  }
}

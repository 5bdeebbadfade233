// One administrative command over its own connection: greeting, logon, command, answer. The protocol is
// src/protocol/admin/admin.md.

import type { Socket } from "node:net";
import { networkWords, SeriatimError } from "../base/index.ts";
import { connectTo } from "../platform/index.ts";
import { adminStatement, readGreeting } from "../protocol/index.ts";
import type { OwnKey } from "../runtime/index.ts";

/** For the greeting, which a node sends at once: another kind of port may wait for us for ever. */
const GREETING_MS = 5_000;
/** Longer than a node lets a command take; a snapshot of millions of orders is some seconds. */
const ANSWER_MS = 60_000;
/** Far more than an answer has. */
const ANSWER_CHARACTERS_MAX = 1_048_576;

interface AdminAnswer {
  readonly ok: boolean;
  readonly code?: string;
  readonly error?: string;
}

export interface AdminAddress {
  readonly host: string;
  readonly port: number;
  /** PEM: who vouches for the node's certificate; plain TCP when left out. */
  readonly ca?: string | undefined;
}

/** Resolves with the answer's line; throws SeriatimError when there is none, or with what it refuses. */
export async function askNode(
  { host, port, ca }: AdminAddress,
  key: OwnKey,
  command: string,
): Promise<string> {
  const peer = `${host}:${port}`;
  const lines = new Lines(connectTo({ host, port }, ca), peer);
  try {
    const nonce = readGreeting(await lines.next());
    if (nonce === undefined)
      throw new SeriatimError("NOT_ADMIN", `${peer} is no admin listener of this version`);
    const proof = key.prove(adminStatement(Buffer.from(nonce, "hex")));
    lines.waitUpTo(ANSWER_MS);
    lines.say(`logon ${key.name} ${Buffer.from(proof).toString("hex")}`);
    accepted(await lines.next(), peer);
    lines.ask(command);
    return accepted(await lines.next(), peer);
  } finally {
    lines.close();
  }
}

/** The line, when it says that it was done. */
function accepted(line: string, peer: string): string {
  let answer: AdminAnswer;
  try {
    answer = JSON.parse(line) as AdminAnswer;
  } catch {
    throw new SeriatimError("NOT_ADMIN", `${peer} answers something that is no JSON`);
  }
  if (answer.ok) return line;
  const { code = "REFUSED", error = "it says no more" } = answer;
  // An uncertain command was taken; a person who reads "refuses" would give it again.
  const verb = code === "UNCERTAIN" ? "is uncertain" : "refuses";
  throw new SeriatimError(code, `${peer} ${verb}: ${error}`, { exitCode: code === "USAGE" ? 2 : 1 });
}

/** What most often is wrong when nothing sensible comes back. */
const IS_IT = "is it the node's --admin-port, and --tls-ca given where that speaks TLS?";
/** Of who has taken the logon and a command it is not that. */
const MAY_BE_DONE = "the command may be done, or not: ask for the status";

/** The lines of a connection, one at a time, the first within GREETING_MS. */
class Lines {
  readonly #socket: Socket;
  readonly #peer: string;
  #text = "";
  #ending: string | undefined;
  #isAsked = false;
  #wake = () => {};

  constructor(socket: Socket, peer: string) {
    this.#socket = socket;
    this.#peer = peer;
    socket.setEncoding("utf8");
    socket.setTimeout(GREETING_MS);
    socket.on("timeout", () => this.#end(`did not answer within ${(socket.timeout ?? 0) / 1000} s`, IS_IT));
    socket.on("data", (text: string) => {
      this.#text += text;
      if (this.#text.length > ANSWER_CHARACTERS_MAX) this.#end("answers more than any answer has");
      this.#wake();
    });
    socket.on("error", ({ code, message }: NodeJS.ErrnoException) => this.#end(networkWords(code, message)));
    socket.on("close", () => this.#end("ended the connection", IS_IT));
  }

  /** From now on a silence may last this long. */
  waitUpTo(ms: number): void {
    this.#socket.setTimeout(ms);
  }

  say(line: string): void {
    this.#socket.write(`${line}\n`);
  }

  /** Says a command: what ends the connection from now on leaves open whether it was done. */
  ask(command: string): void {
    this.#isAsked = true;
    this.say(command);
  }

  async next(): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      if (this.#ending !== undefined) throw new SeriatimError("NO_ANSWER", `${this.#peer}: ${this.#ending}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  /** `hint`: what to look for when nothing was asked yet. */
  #end(what: string, hint?: string): void {
    const why = this.#isAsked ? MAY_BE_DONE : hint;
    this.#ending ??= why === undefined ? what : `${what}: ${why}`;
    this.#socket.destroy();
    this.#wake();
  }
}

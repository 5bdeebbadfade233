// One administrator's connection: greeting, logon, then a command at a time. Text in, lines out; sockets and timers are the
// listener's (admin-listener.ts).
//
//   greeted -- a right proof --> idle -- a line --> busy -- its answer --> idle
//      |                          |
//      +-- anything else          +-- a line that is too long --> ended

import { SeriatimError } from "../../base/index.ts";
import {
  ADMIN_LINE_BYTES_MAX,
  type AdminRequest,
  adminGreeting,
  adminStatement,
  parseAdminLogon,
  parseAdminRequest,
} from "../../protocol/index.ts";
import type { KeyRing } from "../../runtime/index.ts";

export interface AdminSessionOptions {
  readonly keys: Pick<KeyRing, "isProof">;
  /** Never given before. */
  readonly nonce: Uint8Array;
  /** Its proof is right: whether there is room for one more administrator, whose connection it is from then on. */
  readonly admit: () => boolean;
  /** Sends one line. */
  readonly say: (line: string) => void;
  /** Does what an administrator asks for; throws SeriatimError. */
  readonly execute: (request: AdminRequest, who: string) => Promise<object>;
  /** The connection ends, with `line` as its last when there is one; a wrong proof has to wait for it. */
  readonly end: (line: string | undefined, when: "late" | "at once") => void;
  /** What is said of a failure that is a bug. */
  readonly onBug: (error: unknown) => void;
}

export class AdminSession {
  readonly #options: AdminSessionOptions;
  #text = "";
  #who: string | undefined;
  #state: "reading" | "busy" | "ended" = "reading";

  constructor(options: AdminSessionOptions) {
    this.#options = options;
    options.say(JSON.stringify(adminGreeting(Buffer.from(options.nonce).toString("hex"))));
  }

  /** Whether a command is worked on: it is no silence of the administrator's. */
  get isBusy(): boolean {
    return this.#state === "busy";
  }

  /** Resolves when all of it that is whole lines is answered. */
  async received(text: string): Promise<void> {
    if (this.#state === "ended") return;
    this.#text += text;
    while (this.#state === "reading") {
      const end = this.#text.indexOf("\n");
      if ((end < 0 ? this.#text.length : end) > ADMIN_LINE_BYTES_MAX)
        return this.#end("at once", "USAGE", `a line has at most ${ADMIN_LINE_BYTES_MAX} bytes`);
      if (end < 0) return;
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 1);
      if (this.#who === undefined) this.#logon(line);
      else await this.#command(line, this.#who);
    }
  }

  /** The connection is gone. */
  closed(): void {
    this.#state = "ended";
  }

  #logon(line: string): void {
    const logon = parseAdminLogon(line);
    if (logon === undefined) return this.#end("at once", "USAGE", "expected: logon NAME PROOF");
    const statement = adminStatement(this.#options.nonce);
    const proof = Buffer.from(logon.proof, "hex");
    if (!this.#options.keys.isProof(logon.name, "admin", statement, proof))
      return this.#end("late", "NOT_AUTHORISED", "no administrator has this name and this key");
    if (!this.#options.admit())
      return this.#end("at once", "BUSY", "as many administrators as may be are connected: try again");
    this.#who = logon.name;
    this.#options.say(JSON.stringify({ ok: true, name: logon.name }));
  }

  async #command(line: string, who: string): Promise<void> {
    const request = parseAdminRequest(line);
    if ("problem" in request) return this.#options.say(refusal("USAGE", request.problem));
    this.#state = "busy";
    const answer = await this.#answer(request, who);
    if (this.#state !== "busy") return;
    this.#state = "reading";
    this.#options.say(answer);
  }

  async #answer(request: AdminRequest, who: string): Promise<string> {
    try {
      return JSON.stringify({ ok: true, ...(await this.#options.execute(request, who)) });
    } catch (error) {
      if (error instanceof SeriatimError) return refusal(error.code, error.message);
      this.#options.onBug(error);
      return refusal("BUG", "the node failed at it; its log says more");
    }
  }

  #end(when: "late" | "at once", code: string, error: string): void {
    this.#state = "ended";
    this.#options.end(refusal(code, error), when);
  }
}

function refusal(code: string, error: string): string {
  return JSON.stringify({ ok: false, code, error });
}

// One line of a flow, token by token. Every refusal names the file, the line and what was expected there.
// Single spaces, no leading zeros: a value has one spelling, so equal lines mean equal values.

import { SAFE_MAX, SeriatimError, U32_MAX } from "../../base/index.ts";

/** The longest line, comments included: the longest command is under 200 bytes, the rest is room for prose. */
export const FLOW_LINE_BYTES_MAX = 1024;

const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;
const U64_MAX = 2n ** 64n - 1n;

const UNSIGNED = /^(0|[1-9][0-9]{0,19})$/;
const SIGNED = /^(0|-?[1-9][0-9]{0,18})$/;
/** What is neither a printable ASCII character nor a space. */
const NOT_PRINTABLE = /[^\x20-\x7e]/;
/** As much of a wrong token as an error shows. */
const TOKEN_SHOWN_CHARS = 40;

export class LineReader {
  readonly line: number;
  readonly #file: string;
  readonly #tokens: readonly string[];
  #at = 0;

  /** `file` is the name errors show; `line` counts from 1. */
  constructor(file: string, line: number, text: string) {
    this.#file = file;
    this.line = line;
    if (text.length > FLOW_LINE_BYTES_MAX) this.fail(`line is longer than ${FLOW_LINE_BYTES_MAX} bytes`);
    if (text.endsWith("\r")) this.fail("line ends in CR LF; a flow's lines end in LF alone");
    if (NOT_PRINTABLE.test(text)) this.fail("line holds a byte that is not printable ASCII");
    this.#tokens = text.split(" ");
  }

  /** Whether the line says nothing: blank, or a comment. */
  get isSkipped(): boolean {
    const first = this.#tokens[0];
    return first.startsWith("#") || (first === "" && this.#tokens.length === 1);
  }

  fail(what: string): never {
    throw new SeriatimError("FLOW_MALFORMED", `${this.#file}:${this.line}: ${what}`);
  }

  get hasMore(): boolean {
    return this.#at < this.#tokens.length;
  }

  /** The next token, whatever it is; `what` names it in the error when the line ends or has a double space. */
  token(what: string): string {
    if (!this.hasMore) this.fail(`${what} is missing at the end of the line`);
    const token = this.#tokens[this.#at++];
    if (token === "") this.fail(`expected ${what}, found nothing: tokens are parted by one space`);
    return token;
  }

  /** Takes exactly `word`. */
  word(word: string): void {
    const token = this.token(`'${word}'`);
    if (token !== word) this.#unexpected(`'${word}'`, token);
  }

  /** Takes `word` if it comes next and says whether it did. */
  takes(word: string): boolean {
    if (this.#tokens[this.#at] !== word) return false;
    this.#at++;
    return true;
  }

  /** One of the keys of `choices`, as its value. */
  oneOf<T>(what: string, choices: Readonly<Record<string, T>>): T {
    const token = this.token(what);
    if (!Object.hasOwn(choices, token))
      this.#unexpected(`${what} (${Object.keys(choices).join(", ")})`, token);
    return choices[token];
  }

  u32(what: string): number {
    return Number(this.#integer(what, UNSIGNED, 0n, BigInt(U32_MAX)));
  }

  /** An integer from 0 to 2^53-1. */
  count(what: string): number {
    return Number(this.#integer(what, UNSIGNED, 0n, BigInt(SAFE_MAX)));
  }

  u64(what: string): bigint {
    return this.#integer(what, UNSIGNED, 0n, U64_MAX);
  }

  i64(what: string): bigint {
    return this.#integer(what, SIGNED, I64_MIN, I64_MAX);
  }

  /** An i64, or undefined for `-`. */
  i64OrNone(what: string): bigint | undefined {
    return this.takes("-") ? undefined : this.i64(what);
  }

  /** The line must be used up. */
  end(): void {
    if (this.hasMore) this.#unexpected("the end of the line", this.#tokens[this.#at]);
  }

  #integer(what: string, shape: RegExp, low: bigint, high: bigint): bigint {
    const token = this.token(what);
    if (!shape.test(token)) this.#unexpected(`${what} as a decimal number from ${low} to ${high}`, token);
    const value = BigInt(token);
    if (value < low || value > high) this.#unexpected(`${what} from ${low} to ${high}`, token);
    return value;
  }

  #unexpected(expected: string, token: string): never {
    const shown = token.length > TOKEN_SHOWN_CHARS ? `${token.slice(0, TOKEN_SHOWN_CHARS)}...` : token;
    this.fail(`expected ${expected}, found '${shown}'`);
  }
}

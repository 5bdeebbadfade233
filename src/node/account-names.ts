// Accounts are numbers inside; names exist at the edges only. They come from the setting `accounts` (alice=1,bob=2), and
// an account's number as text always works as its name: so a name is never all digits.

import { assert, encodeUtf8, SeriatimError } from "../base/index.ts";

/** Fits a column of a terminal and a form of a page. */
const NAME_BYTES_MAX = 32;

/** The form in words, for help and complaints. */
export const ACCOUNT_RULE = `NAME=NUMBER; a name is 1 to ${NAME_BYTES_MAX} bytes without spaces, commas and equal signs, and not all digits`;

export interface NamedAccount {
  readonly name: string;
  readonly number: number;
}

/** The account that `text` (alice=1) names, or undefined when it has another form. */
export function parseNamedAccount(text: string): NamedAccount | undefined {
  const [, name, digits] = /^([^\s,=\p{Cc}]+)=([0-9]{1,10})$/u.exec(text) ?? [];
  if (name === undefined || !name.isWellFormed() || /^[0-9]+$/.test(name)) return undefined;
  return encodeUtf8(name).length > NAME_BYTES_MAX ? undefined : { name, number: Number(digits) };
}

/** Refuses names of accounts that an exchange with `accountsMax` of them does not have; `origin`: where they were written. */
export function refuseMissingAccounts(texts: readonly string[], accountsMax: number, origin: string): void {
  for (const text of texts) {
    const number = parseNamedAccount(text)?.number ?? 0;
    if (number < accountsMax) continue;
    const what = `${origin}: ${text}, but this exchange has accounts 0 to ${accountsMax - 1}`;
    throw new SeriatimError("CONFIGURATION_INVALID", what, { exitCode: 2 });
  }
}

export class AccountNames {
  readonly #numbers = new Map<string, number>();
  readonly #accountsMax: number;

  /**
   * `texts`: as the setting has them, checked. `accountsMax`: accounts are numbered from 0 to this less 1, as the log's
   * first entry says.
   * @throws SeriatimError CONFIGURATION_INVALID for a number beyond that
   */
  constructor(texts: readonly string[], accountsMax: number) {
    this.#accountsMax = accountsMax;
    refuseMissingAccounts(texts, accountsMax, "accounts");
    for (const text of texts) {
      const named = parseNamedAccount(text);
      assert(named !== undefined, "an account's text has been checked");
      this.#numbers.set(named.name, named.number);
    }
  }

  /** The number of an account's name, or of its number as text; undefined when there is no such account. */
  find(name: string): number | undefined {
    const number = this.#numbers.get(name);
    if (number !== undefined || !/^(0|[1-9][0-9]{0,9})$/.test(name)) return number;
    return Number(name) < this.#accountsMax ? Number(name) : undefined;
  }
}

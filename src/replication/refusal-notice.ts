// What a primary's log says of nodes that it refuses for who they are: whoever it is comes back four times a second, and
// anybody can connect, so one line for each kind of refusal a minute, with how many it stands for.

import { RefusalCode } from "../protocol/index.ts";

/** Between two lines of one kind. */
export const NOTICE_EVERY_US = 60_000_000;

/** Of a node called `name`, as it says, at `address`. */
const WORDS: ReadonlyMap<number, (name: string, address: string) => string> = new Map([
  [
    RefusalCode.NotAuthorised,
    (name: string, address: string) =>
      `a node that calls itself ${name} was refused, at ${address}: the keys file has no node of that name with its key`,
  ],
  [
    RefusalCode.NameInUse,
    (name: string, address: string) =>
      `the name ${name} is used twice: a second node that has its key was refused, at ${address}; each needs a key of its own`,
  ],
  [
    RefusalCode.Full,
    (name: string, address: string) =>
      `a node that has this node's own key, ${name}, was refused, at ${address}; each needs a key of its own`,
  ],
]);

interface Told {
  at_us: number;
  /** Since then, and not told. */
  untold: number;
}

export class RefusalNotice {
  readonly #told = new Map<number, Told>();

  /** The line for a refusal, when it is due; undefined: it needs none, or counts for the next. */
  of(code: RefusalCode, name: string, address: string, now_us: number): string | undefined {
    const words = WORDS.get(code);
    if (words === undefined) return undefined;
    const told = this.#told.get(code);
    if (told !== undefined && now_us - told.at_us < NOTICE_EVERY_US) {
      told.untold++;
      return undefined;
    }
    this.#told.set(code, { at_us: now_us, untold: 0 });
    const before = told === undefined || told.untold === 0 ? "" : ` (and ${told.untold} times before)`;
    return `${words(name === "" ? "nothing" : name, address)}${before}`;
  }
}

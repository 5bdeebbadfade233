// When the log says that the certificate of a node, or of a tape of its own, ends soon, or has ended: once a day from 30 days before on, the first time at the start.
// What is connected by then stays; whoever connects later is told by his own side, so nobody here would hear of it.

import type { Clock } from "../base/index.ts";
import type { Log } from "./log.ts";

const DAY_US = 86_400_000_000;
const SOON_US = 30 * DAY_US;
/** Often enough for a notice a day, also on a machine that sleeps. */
const LOOK_MS = 60_000;

export class CertificateNotice {
  readonly #expires_us: number;
  readonly #warn: (line: string) => void;
  #said_us = Number.NEGATIVE_INFINITY;

  constructor(expires_us: number, warn: (line: string) => void) {
    this.#expires_us = expires_us;
    this.#warn = warn;
  }

  /** A clock that went back is one that stood still. */
  tick(now_us: number): void {
    const left_us = this.#expires_us - now_us;
    if (left_us > SOON_US || now_us - this.#said_us < DAY_US) return;
    this.#said_us = now_us;
    const when = new Date(this.#expires_us / 1_000).toISOString();
    const what =
      left_us <= 0
        ? `expired at ${when}: whoever connects by TLS refuses it`
        : `expires at ${when}, in ${Math.floor(left_us / DAY_US)} days`;
    this.#warn(`the certificate of tls-cert ${what}; a new one is read at the next start`);
  }
}

/** Looks until what it returns is called. */
export function watchCertificate(expires_us: number | undefined, clock: Clock, log: Log): () => void {
  if (expires_us === undefined) return () => {};
  const notice = new CertificateNotice(expires_us, (line) => log.warn(line));
  const look = (): void => notice.tick(clock.wallMicros());
  look();
  const timer = setInterval(look, LOOK_MS).unref();
  return () => clearInterval(timer);
}

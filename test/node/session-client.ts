// A logged-on session of a test: what it was told, and waiting until it was told so much.

import {
  connectSession,
  type SessionPipe,
  type SessionPipeOptions,
  type SessionReport,
} from "../../src/client/index.ts";
import { type Ed25519Pair, makeEd25519Pair } from "../../src/platform/index.ts";
import { type KeyEntry, ReportKind, reasonName } from "../../src/protocol/index.ts";

const KIND_NAMES = Object.keys(ReportKind);

/** Ann trades for 1 and 2, bob for all, eve reads 1. */
export function traders() {
  const pairs = { ann: makeEd25519Pair(), bob: makeEd25519Pair(), eve: makeEd25519Pair() };
  const rights = {
    ann: { role: "trader", accounts: [1, 2] },
    bob: { role: "trader", accounts: "all" },
    eve: { role: "reader", accounts: [1] },
  } as const;
  const entries: KeyEntry[] = (["ann", "bob", "eve"] as const).map((name) => ({
    ...{ name, public: pairs[name].public },
    ...rights[name],
  }));
  return { pairs, entries };
}

export function keyOf(pairs: Readonly<Record<string, Ed25519Pair>>, name: string) {
  return { name, private: pairs[name].private };
}

export class TestSession {
  readonly reports: SessionReport[] = [];
  /** Refusals, lists and their ends, in words. */
  readonly said: string[] = [];
  pipe!: SessionPipe;
  readonly #waiting: (() => void)[] = [];

  static async open(options: Omit<SessionPipeOptions, "listener">): Promise<TestSession> {
    const session = new TestSession();
    session.pipe = await connectSession({
      ...options,
      listener: {
        onReport: (report) => session.reports.push(report),
        onRefused: ({ request, reason }) => session.said.push(`refused ${request} ${reasonName(reason)}`),
        onOpenOrder: ({ rests, id, leaves, asOf }) =>
          session.said.push(`${rests ? `open ${id} ${leaves}` : `no ${id}`} as of ${asOf}`),
        onOpenOrdersEnd: ({ count }) => session.said.push(`${count} open`),
      },
      onTurn: () => {
        for (const look of session.#waiting.splice(0)) look();
      },
    });
    return session;
  }

  /** Resolves when `isSo`; it is asked whenever something was read. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      const failure = await Promise.race([
        new Promise<undefined>((resolve) => this.#waiting.push(() => resolve(undefined))),
        this.pipe.closed.then((error) => ({ error })),
      ]);
      if (failure !== undefined && !isSo()) throw failure.error ?? new Error("it was closed");
    }
  }

  /** Sends a limit order whose id is its request's number. */
  order(id: number, side: "buy" | "sell", price: number, quantity = 1): void {
    this.pipe.submit(id, { id: BigInt(id), symbol: 0, side, price, quantity });
    this.pipe.flush();
  }

  /** All reports in words: "3 Traded 7 leaves 0". */
  get told(): string[] {
    return this.reports.map(
      ({ number, kind, id, leaves, reason }) =>
        `${number} ${KIND_NAMES[kind - 1]} ${id} leaves ${leaves}${reason === 0 ? "" : ` reason ${reason}`}`,
    );
  }
}

// What becomes of requests over lost connections, as tables: no sockets, no time.

import { describe, expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { SessionLedger } from "../../../src/client/index.ts";

/** Connections are numbered in the upper half. */
type Step =
  | ["logon", session: bigint, first: number, next: number, position?: number]
  | ["send", number: bigint, isProvenByTrade?: boolean]
  | ["report", number: number, session?: bigint, request?: bigint]
  | ["trade" | "follows", number: number, session: bigint, request: bigint]
  | ["refused", request: bigint]
  | ["lost"];

const tellsBy = { report: "answer", trade: "trade", follows: "nothing" } as const;

/** What the ledger says to each step, of those that say anything. */
function play(next: number, steps: readonly Step[]): unknown[] {
  const ledger = new SessionLedger<string>(next);
  const said: unknown[] = [];
  const settle = () => {
    const { notExecuted, unknown } = ledger.takeSettled();
    for (const request of notExecuted) said.push(`${request} not executed`);
    for (const request of unknown) said.push(`${request} unknown`);
  };
  let grown = 0;
  for (const [what, ...of] of steps) {
    if (what === "logon") {
      const [session, first, next, position = ++grown] = of as [bigint, number, number, number?];
      const gap = ledger.loggedOn({ session: session << 32n, first, next, position });
      if (gap !== undefined) said.push(gap);
      settle();
    } else if (what === "send") {
      ledger.add(of[0] as bigint, `request ${of[0]}`, of[1] as boolean | undefined);
    } else if (what === "report" || what === "trade" || what === "follows") {
      const [number, session = 0n, request = 0n] = of as [number, bigint?, bigint?];
      if (!ledger.isDue(number)) said.push(`${number} is not due`);
      const answered = ledger.answered(session << 32n, request, tellsBy[what]);
      if (answered !== undefined) said.push(`${answered} answered`);
      settle();
    } else if (what === "refused") {
      const refused = ledger.refused(of[0] as bigint);
      said.push(refused === undefined ? "nobody asked" : `${refused} refused`);
    } else ledger.lost();
  }
  for (const request of ledger.takeAll()) said.push(`${request} open`);
  return said;
}

const cases: readonly [says: string, next: number, steps: readonly Step[], said: readonly unknown[]][] = [
  [
    "a report answers the request of its session and number, and only once",
    0,
    [
      ["logon", 1n, 1, 1],
      ["send", 5n],
      ["report", 1, 1n, 5n],
      ["report", 2, 1n, 5n],
    ],
    ["request 5 answered"],
  ],
  [
    "another session's report with the same number answers nothing",
    0,
    [
      ["logon", 1n, 1, 1],
      ["send", 5n],
      ["report", 1, 9n, 5n],
    ],
    ["request 5 open"],
  ],
  [
    "what follows from a request answers no later one with its number",
    0,
    [
      ["logon", 1n, 1, 1],
      ["send", 5n],
      ["report", 1, 1n, 5n],
      ["send", 5n, true],
      ["follows", 2, 1n, 5n],
      ["trade", 3, 1n, 5n],
      ["report", 4, 1n, 5n],
    ],
    ["request 5 answered", "request 5 answered"],
  ],
  [
    "behind a gap, a trade of a new order tells that it was accepted",
    0,
    [["logon", 1n, 1, 1], ["send", 5n, true], ["lost"], ["logon", 2n, 9, 10], ["trade", 9, 1n, 5n]],
    [{ wanted: 1, first: 9 }, "request 5 answered"],
  ],
  [
    // One order's Cancelled said what a mass cancel had done.
    "behind a gap, nothing else that follows from a request tells what became of it",
    0,
    [["logon", 1n, 1, 1], ["send", 5n, true], ["lost"], ["logon", 2n, 9, 10], ["follows", 9, 1n, 5n]],
    [{ wanted: 1, first: 9 }, "request 5 unknown"],
  ],
  [
    // A trade of the order that had the number before said that the second one was accepted.
    "behind a gap, a trade tells nothing of a number that may have been used before, nor of what is no new order",
    0,
    [["logon", 1n, 1, 1], ["send", 5n], ["lost"], ["logon", 2n, 9, 10], ["trade", 9, 1n, 5n]],
    [{ wanted: 1, first: 9 }, "request 5 unknown"],
  ],
  [
    "a refusal of the gateway answers a request of this connection",
    0,
    [
      ["logon", 1n, 1, 1],
      ["send", 5n],
      ["refused", 5n],
      ["refused", 5n],
    ],
    ["request 5 refused", "nobody asked"],
  ],
  [
    "what was executed before the connection was lost is answered over the next one",
    0,
    [["logon", 1n, 1, 1], ["send", 5n], ["lost"], ["logon", 2n, 1, 2], ["report", 1, 1n, 5n]],
    ["request 5 answered"],
  ],
  [
    "what has no report below the next new one was not executed",
    0,
    [
      ["logon", 1n, 1, 1],
      ["send", 5n],
      ["send", 6n],
      ["lost"],
      ["logon", 2n, 1, 3],
      ["report", 1, 1n, 5n],
      ["report", 2],
    ],
    ["request 5 answered", "request 6 not executed"],
  ],
  [
    "with no report to come that is known at once",
    0,
    [["logon", 1n, 4, 4], ["send", 5n], ["lost"], ["logon", 2n, 4, 4]],
    ["request 5 not executed"],
  ],
  [
    "nothing is known before the stream is there, nor when that connection is lost too",
    0,
    [
      ["logon", 1n, 1, 1],
      ["send", 5n],
      ["lost"],
      ["logon", 2n, 1, 3],
      ["report", 1],
      ["lost"],
      ["logon", 3n, 2, 4],
      ["report", 2, 1n, 5n],
    ],
    ["request 5 answered"],
  ],
  [
    "a request of the new connection is not settled by what proves those of the lost one",
    0,
    [["logon", 1n, 1, 1], ["send", 5n], ["lost"], ["logon", 2n, 1, 2], ["send", 6n], ["report", 1]],
    ["request 5 not executed", "request 6 open"],
  ],
  [
    "a gap leaves what was in doubt unknown, and nothing that was sent after it",
    0,
    [
      ["logon", 1n, 1, 1],
      ["send", 5n],
      ["lost"],
      ["logon", 2n, 9, 10],
      ["send", 6n],
      ["report", 9],
      ["lost"],
      ["logon", 3n, 10, 10],
    ],
    [{ wanted: 1, first: 9 }, "request 5 unknown", "request 6 not executed"],
  ],
  [
    "behind a gap a report may still answer what was in doubt",
    0,
    [["logon", 1n, 1, 1], ["send", 5n], ["lost"], ["logon", 2n, 9, 10], ["report", 9, 1n, 5n]],
    [{ wanted: 1, first: 9 }, "request 5 answered"],
  ],
  [
    // Another node that had been the primary's: what the primary had executed was said not to have been.
    "an exchange that never made what was seen: that is told, and its stream proves nothing of what another may have",
    0,
    [
      ["logon", 1n, 9, 9],
      ["send", 5n],
      ["lost"],
      ["logon", 2n, 4, 4],
      ["send", 6n],
      ["lost"],
      ["logon", 3n, 4, 4],
    ],
    [{ wanted: 9, first: 4 }, "request 5 unknown", "request 6 not executed"],
  ],
  [
    // After a failover that lost the first logon somebody else had its number, and his report answered the request.
    "a number that is given again: another history, of which nothing is waited for and no report answers what was in doubt",
    0,
    [["logon", 5n, 4, 4], ["send", 5n], ["lost"], ["logon", 5n, 4, 6], ["report", 4, 5n, 5n], ["report", 5]],
    [{ wanted: 4, first: 4 }, "request 5 unknown"],
  ],
  [
    "a number below that of the logon before likewise; what is sent from then on is of that history",
    0,
    [
      ["logon", 5n, 4, 4],
      ["send", 5n],
      ["lost"],
      ["logon", 3n, 4, 4],
      ["send", 6n],
      ["lost"],
      ["logon", 4n, 4, 4],
    ],
    [{ wanted: 4, first: 4 }, "request 5 unknown", "request 6 not executed"],
  ],
  [
    "so is a logon that lies no further in the log than one before",
    0,
    [["logon", 5n, 4, 4, 70], ["send", 5n], ["lost"], ["logon", 9n, 4, 4, 70]],
    [{ wanted: 4, first: 4 }, "request 5 unknown"],
  ],
  [
    "a program that goes on where another one ended is told of a gap too",
    3,
    [["logon", 1n, 7, 9]],
    [{ wanted: 3, first: 7 }],
  ],
  ["from now on is no gap", 0, [["logon", 1n, 7, 7]], []],
  [
    "a report that is not due is no report",
    0,
    [
      ["logon", 1n, 1, 3],
      ["report", 2],
    ],
    ["2 is not due"],
  ],
];

describe("what becomes of requests", () => {
  test.each(cases)("%s", (_says, next, steps, said) => {
    expect(play(next, steps)).toEqual(said);
  });
});

/**
 * An exchange that loses what is said on its connections at any point, keeps its newest reports and executes what reaches it: whatever
 * the ledger says of a request is what happened to it.
 */
function playAtRandom(seed: number): Map<string, number> {
  const random = new Prng(seed);
  const ledger = new SessionLedger<bigint>(0);
  const stream: { readonly session: bigint; readonly request: bigint }[] = [];
  const executed = new Set<bigint>();
  const fates = new Map<string, number>();
  const say = (what: string, request: bigint, isRight: boolean) => {
    expect(isRight, `seed ${seed}: request ${request} is ${what}`).toBe(true);
    fates.set(what, (fates.get(what) ?? 0) + 1);
  };
  const settle = () => {
    const { notExecuted, unknown } = ledger.takeSettled();
    for (const request of notExecuted) say("not executed", request, !executed.has(request));
    for (const request of unknown) say("unknown", request, true);
  };
  let number = 0n;
  let open = 0;
  for (let session = 1n; session <= 40n; session++) {
    // Now and then the exchange keeps only the newest two.
    const oldest = random.chance(0.2) ? Math.max(1, stream.length - 1) : 1;
    let sent = Math.max(oldest, ledger.next);
    const position = Number(session);
    ledger.loggedOn({ session: session << 32n, first: sent, next: stream.length + 1, position });
    settle();
    // From here on requests are lost, from here on reports are.
    const deafAt = random.between(0, 8);
    const muteAt = random.between(0, 12);
    for (let step = 0; step < 12; step++) {
      if (random.chance(0.7)) {
        ledger.add(++number, number);
        open++;
        if (step < deafAt) {
          executed.add(number);
          stream.push({ session: session << 32n, request: number });
          // Its trades, and what others do.
          if (random.chance(0.5)) stream.push({ session: 0n, request: 0n });
        }
      }
      for (; step < muteAt && sent <= stream.length && random.chance(0.8); sent++) {
        const { session: whose, request } = stream[sent - 1];
        expect(ledger.isDue(sent), `seed ${seed}`).toBe(true);
        const answered = ledger.answered(whose, request);
        if (answered !== undefined) say("answered", answered, executed.has(answered));
        settle();
      }
    }
    ledger.lost();
  }
  const known = [...fates.values()].reduce((sum, count) => sum + count, 0);
  expect(known + ledger.takeAll().length, `seed ${seed}: each has one fate`).toBe(open);
  return fates;
}

test("whatever lines lose, what is said of a request is what happened to it", () => {
  const fates = new Map<string, number>();
  for (let seed = 1; seed <= 200; seed++)
    for (const [what, count] of playAtRandom(seed)) fates.set(what, (fates.get(what) ?? 0) + count);
  for (const what of ["answered", "not executed", "unknown"])
    expect(fates.get(what), what).toBeGreaterThan(200);
});

// What a resuming client decides, as tables of events: what is sent, what an answer settles, when and where it tries again.

import { describe, expect, test } from "vitest";
import { REQUESTS_MAX, Resumption } from "../../../src/client/open/resumption.ts";
import { Reason } from "../../../src/protocol/index.ts";

const MS = 1_000;
const LIMITS = { addresses: 2, patience_us: 10_000 * MS, silence_us: 3_000 * MS };

interface Request {
  readonly number: number;
  readonly idLow: number;
  readonly idHigh: number;
}

/** One event, as text, and what follows from it: request numbers sent or settled, `give up`, where and when to connect. */
type Step = readonly [at_ms: number, event: string, follows: string];

function play(resumption: Resumption<Request>, steps: readonly Step[]): void {
  for (const [at_ms, event, follows] of steps) {
    expect(`${at_ms} ${event}: ${whatFollows(resumption, event, at_ms * MS)}`).toBe(
      `${at_ms} ${event}: ${follows}`,
    );
  }
}

function whatFollows(resumption: Resumption<Request>, event: string, now_us: number): string {
  const [what, ...rest] = event.split(" ");
  const [a, b] = rest.map(Number);
  const settled = (request: Request | undefined) =>
    request === undefined ? "give up" : `settles ${request.number}`;
  const sent = () => `sends ${resumption.takeToSend().map(({ number }) => number)}`.trim();
  switch (what) {
    case "request":
      resumption.add({ number: a, idLow: b, idHigh: 0 }, now_us);
      return sent();
    case "welcome":
      resumption.welcomed(now_us);
      return sent();
    case "ack":
      return settled(resumption.answered(a, 0, now_us));
    case "refusal":
      return settled(resumption.refused(a, 0, b, now_us));
    case "look":
      return resumption.isSilent(now_us) ? "give up" : "stays";
    default: {
      const wait_us = resumption.lost(now_us);
      return wait_us === undefined ? "over" : `to ${resumption.address} in ${wait_us / MS}`;
    }
  }
}

const { DiskFull, Halted, ShuttingDown } = Reason;

const TABLES: readonly [name: string, addresses: number, steps: readonly Step[]][] = [
  [
    "requests are sent when the connection stands, and settled in their order",
    2,
    [
      [0, "request 1 7", "sends"],
      [1, "request 2 8", "sends"],
      [5, "welcome", "sends 1,2"],
      [6, "request 3 7", "sends 3"],
      [7, "ack 7", "settles 1"],
      [8, "ack 8", "settles 2"],
      [9, "ack 7", "settles 3"],
      [10, "ack 7", "give up"],
    ],
  ],
  [
    "what was not answered is sent again, in order, and what was is not",
    2,
    [
      [0, "welcome", "sends"],
      [1, "request 1 7", "sends 1"],
      [1, "request 2 8", "sends 2"],
      [1, "request 3 9", "sends 3"],
      [2, "ack 7", "settles 1"],
      [3, "lost", "to 1 in 0"],
      [4, "request 4 10", "sends"],
      [5, "welcome", "sends 2,3,4"],
      [6, "ack 8", "settles 2"],
      [7, "lost", "to 0 in 0"],
      [8, "welcome", "sends 3,4"],
    ],
  ],
  [
    "an answer about another order than the oldest's ends the connection",
    2,
    [
      [0, "welcome", "sends"],
      [1, "request 1 7", "sends 1"],
      [1, "request 2 8", "sends 2"],
      [2, "ack 8", "give up"],
      [3, "lost", "to 1 in 0"],
      [4, "welcome", "sends 1,2"],
    ],
  ],
  [
    "a gateway's refusal may overtake, and settles a request that was sent once",
    2,
    [
      [0, "welcome", "sends"],
      [1, "request 1 7", "sends 1"],
      [1, "request 2 8", "sends 2"],
      [2, `refusal 8 ${DiskFull}`, "settles 2"],
      [3, "ack 7", "settles 1"],
    ],
  ],
  [
    "a gateway's refusal of a request that was sent before settles nothing: it may have been executed then",
    2,
    [
      [0, "welcome", "sends"],
      [1, "request 1 7", "sends 1"],
      [2, "lost", "to 1 in 0"],
      [3, "welcome", "sends 1"],
      [4, `refusal 7 ${DiskFull}`, "give up"],
      [5, "lost", "to 0 in 50"],
      [60, "welcome", "sends 1"],
      [61, "ack 7", "settles 1"],
    ],
  ],
  [
    "a gateway's refusal that two requests may be meant by settles neither",
    2,
    [
      [0, "welcome", "sends"],
      [1, "request 1 7", "sends 1"],
      [1, "request 2 7", "sends 2"],
      [2, `refusal 7 ${DiskFull}`, "give up"],
    ],
  ],
  [
    "a node on its way out refuses for itself alone",
    2,
    [
      [0, "welcome", "sends"],
      [1, "request 1 7", "sends 1"],
      [2, `refusal 7 ${ShuttingDown}`, "give up"],
      [3, "lost", "to 1 in 0"],
      [4, "welcome", "sends 1"],
      [5, `refusal 7 ${Halted}`, "give up"],
    ],
  ],
  [
    "addresses are tried in turn; between two rounds it waits, longer each time, a quarter of a second at most",
    2,
    [
      [0, "lost", "to 1 in 0"],
      [10, "lost", "to 0 in 50"],
      [70, "lost", "to 1 in 0"],
      [80, "lost", "to 0 in 100"],
      [180, "lost", "to 1 in 0"],
      [190, "lost", "to 0 in 200"],
      [400, "lost", "to 1 in 0"],
      [410, "lost", "to 0 in 250"],
      [700, "lost", "to 1 in 0"],
      [710, "lost", "to 0 in 250"],
    ],
  ],
  [
    "one address is tried again after a wait",
    1,
    [
      [0, "lost", "to 0 in 50"],
      [60, "lost", "to 0 in 100"],
    ],
  ],
  [
    "patience ends when nothing got on for so long, and the last wait is no longer than what is left of it",
    1,
    [
      [0, "welcome", "sends"],
      [1, "request 1 7", "sends 1"],
      [2, "ack 7", "settles 1"],
      [100, "request 2 7", "sends 2"],
      [200, "lost", "to 0 in 50"],
      [9_990, "lost", "to 0 in 100"],
      [10_100, "lost", "to 0 in 100"],
      [10_200, "lost", "over"],
    ],
  ],
  [
    "a peer that says Hello and answers nothing renews no patience",
    2,
    [
      [0, "request 1 7", "sends"],
      [10, "welcome", "sends 1"],
      [3_009, "look", "stays"],
      [3_010, "look", "give up"],
      [3_011, "lost", "to 1 in 0"],
      [3_020, "welcome", "sends 1"],
      [6_020, "look", "give up"],
      [6_021, "lost", "to 0 in 50"],
      [6_100, "welcome", "sends 1"],
      [10_001, "lost", "over"],
    ],
  ],
  [
    "an answer to anything ends the silence and renews the patience",
    2,
    [
      [0, "request 1 7", "sends"],
      [1, "request 2 8", "sends"],
      [9_000, "welcome", "sends 1,2"],
      [11_000, "ack 7", "settles 1"],
      [13_999, "look", "stays"],
      [14_000, "look", "give up"],
      [14_001, "lost", "to 1 in 0"],
      [24_000, "lost", "to 0 in 1"],
      [24_001, "lost", "over"],
    ],
  ],
  [
    "a connection that stood a second with nothing to answer has got on, one that is closed at once has not",
    1,
    [
      [0, "welcome", "sends"],
      [10, "lost", "to 0 in 50"],
      [60, "welcome", "sends"],
      [70, "lost", "to 0 in 100"],
      [170, "welcome", "sends"],
      [9_000, "look", "stays"],
      [9_000, "request 1 7", "sends 1"],
      [9_500, "look", "stays"],
      [12_000, "look", "give up"],
      [12_000, "lost", "to 0 in 50"],
      [21_999, "lost", "to 0 in 1"],
      [22_000, "lost", "over"],
    ],
  ],
];

test.each(TABLES)("%s", (_name, addresses, steps) => {
  play(new Resumption<Request>({ ...LIMITS, addresses }, 0), steps);
});

describe("the end", () => {
  test("tells what was sent, and may have been executed, from what never was", () => {
    const resumption = new Resumption<Request>(LIMITS, 0);
    play(resumption, [
      [0, "welcome", "sends"],
      [1, "request 1 7", "sends 1"],
      [2, "lost", "to 1 in 0"],
      [3, "request 2 8", "sends"],
    ]);
    const { sent, unsent } = resumption.takeAll();
    expect([sent.map(({ number }) => number), unsent.map(({ number }) => number)]).toEqual([[1], [2]]);
    expect(resumption.unanswered).toBe(0);
  });
});

test("a number more than 255 above the oldest unanswered one has to wait: the exchange would forget that one", () => {
  const resumption = new Resumption<Request>(LIMITS, 0);
  resumption.welcomed(0);
  for (let i = 0; i < REQUESTS_MAX; i++) {
    expect(resumption.mayAdd(1000 + i)).toBe(true);
    resumption.add({ number: 1000 + i, idLow: i, idHigh: 0 }, 0);
  }
  expect(resumption.takeToSend()).toHaveLength(REQUESTS_MAX);
  expect(resumption.mayAdd(1000 + REQUESTS_MAX)).toBe(false);
  expect(resumption.refused(5, 0, DiskFull, 1)?.number).toBe(1005);
  expect(resumption.mayAdd(1000 + REQUESTS_MAX)).toBe(false);
  expect(resumption.answered(0, 0, 1)?.number).toBe(1000);
  expect(resumption.mayAdd(1000 + REQUESTS_MAX)).toBe(true);
});

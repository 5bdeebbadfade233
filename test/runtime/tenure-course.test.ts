// The course of a node that is to lead, and what others see of it meanwhile, where only these two say what must hold.

import { expect, test } from "vitest";
import type { SeriatimError } from "../../src/base/index.ts";
import { SystemClock } from "../../src/platform/index.ts";
import { NodeRole } from "../../src/protocol/index.ts";
import type { AckPolicyName } from "../../src/replication/index.ts";
import { candidateOf, ServingSide, TenureCourse } from "../../src/runtime/index.ts";

test("a node that leads, and hears of a higher promise, promises that too before it ends: its next start is above it", () => {
  const done: string[] = [];
  const candidacy = { begin: (epoch: number) => epoch, isPromised: true, followers: "all have" };
  const promises = { keep: (epoch: number) => done.push(`promises ${epoch}`) };
  const candidate = { candidacy, promises, judgedBy: "disk+ram" };
  const course = new TenureCourse(candidate as unknown as ConstructorParameters<typeof TenureCourse>[0], {
    wait: (because) => done.push(`waits: ${because}`),
    gather: (epoch) => done.push(`gathers for ${epoch}`),
    begin: ({ epoch }) => {
      done.push(`begins ${epoch}`);
      return new Promise(() => {});
    },
    end: ({ code }: SeriatimError) => done.push(`ends: ${code}`),
  });
  course.start({ epoch: 4 });
  course.outpromised("south", 4);
  course.outpromised("south", 9);
  // On a disk that hangs it said for as long as that lasted that nobody had promised.
  const waits = "waits: this node does not lead yet: its disk does not have the beginning of epoch 4 yet";
  expect(done).toEqual(["promises 4", "gathers for 4", waits, "begins 4", "promises 9", "ends: FENCED"]);
});

test("who leads says of its disk what that has, who waits has just read all of it", () => {
  const parts = { live: { epoch: 3, written: 10 }, view: { durable: 7 }, mayLack: true };
  const told = {} as ConstructorParameters<typeof ServingSide>[1];
  const side = new ServingSide(parts as unknown as ConstructorParameters<typeof ServingSide>[0], told);
  expect(side.standing()).toMatchObject({ position: 10, persisted: 10, mayLack: true, isWarm: false });
  side.lead();
  expect(side.standing()).toMatchObject({ position: 10, persisted: 7, mayLack: false, isWarm: true });
});

const warm = { isWarm: true, mayLack: false };
const cold = { isWarm: false, mayLack: false };
const lacking = { isWarm: true, mayLack: true };

// No test of tenures failed when a promoted replica was taken for warm that was not, or for one that lacks nothing.
test.each<[AckPolicyName, lacks: boolean, as: typeof warm | undefined, leads: boolean, mayLack: boolean]>([
  ["disk+ram", false, undefined, false, false],
  ["disk+ram", false, warm, true, false],
  ["disk+ram", false, cold, false, false],
  ["disk+ram", false, lacking, true, true],
  ["two-disks", false, undefined, true, false],
  ["two-disks", true, undefined, false, true],
  ["two-disks", false, warm, true, false],
  ["two-disks", true, warm, true, false],
  ["two-disks", false, cold, true, false],
  ["two-disks", false, lacking, false, true],
])(
  "by %s, its log lacking: %j, one that followed as %j leads with a warm replica's promise: %j",
  (...row) => {
    const [ackPolicy, lacks, as, leads, mayLack] = row;
    const identity = {
      name: "south",
      others: ["north", "west"],
      cluster: ["north", "south", "west"],
      seat: 1,
    };
    const promises = { epoch: 2 } as Parameters<typeof candidateOf>[2];
    const end = { epoch: 3, position: 10 };
    const clock = new SystemClock();
    const candidate = candidateOf(identity, { ackPolicy }, promises, { ...end, mayLack: lacks }, as, clock);
    expect([candidate.judgedBy, candidate.mayLack]).toEqual([ackPolicy, mayLack]);
    expect(candidate.candidacy.isPromised).toBe(false);
    const disk = { persisted: 10, promised: 4, primaryHeard_us: 0 };
    candidate.candidacy.promise({ name: "west", role: NodeRole.Replica, ...end, ...disk, ...warm });
    expect(candidate.candidacy.isPromised).toBe(leads);
  },
);

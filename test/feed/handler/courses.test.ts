// When a connection is opened, given up and opened again; and the table of recovery, every row of it.

import { expect, test } from "vitest";
import {
  CONNECTION_LIMITS,
  ConnectionCourse,
  CourseStep,
  FeedState,
  RECOVERY_LIMITS,
  RecoveryAction,
  RecoveryCourse,
  RecoveryEvent,
  RecoveryState,
  recoveryStep,
} from "../../../src/feed/index.ts";

const MS = 1_000;
const limits = { ...CONNECTION_LIMITS, connectTimeout_us: 5_000 * MS, silence_us: 3_000 * MS };

function course(isStream = true, chance = 0): ConnectionCourse {
  const it = new ConnectionCourse(isStream, () => chance, limits);
  it.start(0);
  return it;
}

test("a connection that doesn't stand in time is given up and tried again after a wait", () => {
  const it = course();
  expect(it.state).toBe(FeedState.Connecting);
  expect(it.due(4_999 * MS)).toBe(CourseStep.None);
  expect(it.due(5_000 * MS)).toBe(CourseStep.GiveUp);
  it.lost(5_000 * MS);
  expect(it.state).toBe(FeedState.Reconnecting);
  expect(it.due(5_074 * MS)).toBe(CourseStep.None);
  expect(it.due(5_075 * MS)).toBe(CourseStep.Open);
});

test("waits double up to a bound, and what is heard of a connection that has got on ends the row; chance spreads them", () => {
  const waits = (it: ConnectionCourse, count: number) =>
    Array.from({ length: count }, () => {
      it.lost(0);
      return it.deadline_us / MS;
    });
  expect(waits(course(true, 0), 9)).toEqual([75, 150, 300, 600, 1_200, 2_400, 4_800, 7_500, 7_500]);
  expect(waits(course(true, 0.5), 2)).toEqual([87.5, 175]);
  const it = course();
  expect(waits(it, 3)).toEqual([75, 150, 300]);
  it.opened(0);
  it.heard(4_999 * MS);
  expect(waits(it, 1)).toEqual([600]);
  it.opened(0);
  it.heard(5_000 * MS);
  expect(waits(it, 1)).toEqual([75]);
});

test("a stream that is silent is given up; bytes put it off", () => {
  const it = course();
  it.opened(0);
  it.heard(2_000 * MS);
  expect(it.due(4_999 * MS)).toBe(CourseStep.None);
  expect(it.due(5_000 * MS)).toBe(CourseStep.GiveUp);
});

test("a connection for requests is silent only while an answer is due", () => {
  const it = course(false);
  it.opened(0);
  expect(it.due(1e12)).toBe(CourseStep.None);
  it.asked(10_000 * MS);
  it.asked(12_000 * MS);
  expect(it.due(12_999 * MS)).toBe(CourseStep.None);
  it.heard(12_999 * MS);
  expect(it.due(1e12)).toBe(CourseStep.None);
  it.asked(20_000 * MS);
  expect(it.due(23_000 * MS)).toBe(CourseStep.GiveUp);
});

test("after a stop nothing is due, also when the connection is lost then", () => {
  const it = course();
  it.stop();
  it.lost(1);
  expect(it.state).toBe(FeedState.Disconnected);
  expect(it.due(1e15)).toBe(CourseStep.None);
});

test("a snapshot that doesn't come is asked for ever less often, and one that moves is waited for", () => {
  const it = new RecoveryCourse(RECOVERY_LIMITS);
  const asked: number[] = [];
  const ask = (us: number, action: RecoveryAction): void => {
    if (action === RecoveryAction.Snapshot) asked.push(us / 1_000_000);
  };
  ask(0, it.snapshotNeeded(0));
  for (let us = 0; us <= 40_000_000; us += 500_000) ask(us, it.due(us, true));
  expect(asked).toEqual([0, 1, 3, 7, 15, 23, 31, 39]);
  it.progressed(46_000_000);
  expect(it.due(53_000_000, true)).toBe(RecoveryAction.None);
  it.snapshotWhole();
  ask(60_000_000, it.snapshotNeeded(60_000_000));
  ask(61_000_000, it.due(61_000_000, true));
  expect(asked.slice(-2)).toEqual([60, 61]);
});

const { Live, Waiting, Asking, Snapshot } = RecoveryState;
const { None, Retransmit } = RecoveryAction;
const { GapSeen, GapClosed, Due, Unserved, SnapshotNeeded, SnapshotWhole } = RecoveryEvent;

test.each([
  [Live, GapSeen, Waiting, None],
  [Live, SnapshotNeeded, Snapshot, RecoveryAction.Snapshot],
  [Waiting, GapClosed, Live, None],
  [Waiting, Due, Asking, Retransmit],
  [Waiting, Unserved, Snapshot, RecoveryAction.Snapshot],
  [Waiting, SnapshotNeeded, Snapshot, RecoveryAction.Snapshot],
  [Asking, GapSeen, Asking, None],
  [Asking, GapClosed, Live, None],
  [Asking, Due, Asking, Retransmit],
  [Asking, Unserved, Snapshot, RecoveryAction.Snapshot],
  [Asking, SnapshotNeeded, Snapshot, RecoveryAction.Snapshot],
  [Snapshot, GapSeen, Snapshot, None],
  [Snapshot, GapClosed, Snapshot, None],
  [Snapshot, Due, Snapshot, RecoveryAction.Snapshot],
  [Snapshot, Unserved, Snapshot, None],
  [Snapshot, SnapshotNeeded, Snapshot, None],
  [Snapshot, SnapshotWhole, Live, None],
])("recovery in state %i with event %i becomes %i with action %i", (state, event, next, action) => {
  expect(recoveryStep(state, event)).toEqual([next, action]);
});

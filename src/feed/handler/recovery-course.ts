// What is done about messages that are missing on one channel: first wait (the other line, or the network, may still bring them), then
// ask for them, then begin again from a snapshot. Decisions only, by this table; the receiver says what happened and carries out.
//
//   state      event              becomes    action
//   Live       GapSeen            Waiting    none: until the packet behind the gap is reorderWait old
//   Live       SnapshotNeeded     Snapshot   ask for a snapshot
//   Waiting    GapClosed          Live
//   Waiting    Due                Asking     ask for what is missing
//   Waiting    Unserved           Snapshot   ask for a snapshot (nobody retransmits, or the gap is too wide)
//   Asking     GapClosed          Live
//   Asking     Due                Asking     ask again, attempts_max times in all
//   Asking     Unserved           Snapshot   ask for a snapshot (attempts used up, refused for good, nobody there any more)
//   Snapshot   Due                Snapshot   ask again, each wait twice the last up to a bound, without end: the channel is stale
//   Snapshot   SnapshotWhole      Live
//   Waiting, Asking: SnapshotNeeded as in Live. Every other pair changes nothing.
//
// Each message that comes of what was asked renews the wait: an answer that moves is never asked for again.

export const RecoveryState = { Live: 0, Waiting: 1, Asking: 2, Snapshot: 3 } as const;
export type RecoveryState = (typeof RecoveryState)[keyof typeof RecoveryState];

export const RecoveryEvent = {
  GapSeen: 0,
  GapClosed: 1,
  Due: 2,
  Unserved: 3,
  SnapshotNeeded: 4,
  SnapshotWhole: 5,
} as const;
export type RecoveryEvent = (typeof RecoveryEvent)[keyof typeof RecoveryEvent];

export const RecoveryAction = { None: 0, Retransmit: 1, Snapshot: 2 } as const;
export type RecoveryAction = (typeof RecoveryAction)[keyof typeof RecoveryAction];

const { Live, Waiting, Asking, Snapshot } = RecoveryState;
const { None, Retransmit } = RecoveryAction;
const ASK_SNAPSHOT = RecoveryAction.Snapshot;

type Row = readonly [state: RecoveryState, action: RecoveryAction];

/** By state, then by event in the order of RecoveryEvent. */
const TABLE: readonly (readonly Row[])[] = [
  // GapSeen, GapClosed, Due, Unserved, SnapshotNeeded, SnapshotWhole
  [
    [Waiting, None],
    [Live, None],
    [Live, None],
    [Live, None],
    [Snapshot, ASK_SNAPSHOT],
    [Live, None],
  ],
  [
    [Waiting, None],
    [Live, None],
    [Asking, Retransmit],
    [Snapshot, ASK_SNAPSHOT],
    [Snapshot, ASK_SNAPSHOT],
    [Live, None],
  ],
  [
    [Asking, None],
    [Live, None],
    [Asking, Retransmit],
    [Snapshot, ASK_SNAPSHOT],
    [Snapshot, ASK_SNAPSHOT],
    [Live, None],
  ],
  [
    [Snapshot, None],
    [Snapshot, None],
    [Snapshot, ASK_SNAPSHOT],
    [Snapshot, None],
    [Snapshot, None],
    [Live, None],
  ],
];

/** What `event` makes of `state`. */
export function recoveryStep(state: RecoveryState, event: RecoveryEvent): Row {
  return TABLE[state][event];
}

export interface RecoveryLimits {
  /** How long a missing message may still come by itself. */
  readonly reorderWait_us: number;
  /** How long an answer to a request may stand still. */
  readonly retransmitWait_us: number;
  /** How often what is missing is asked for before a snapshot is. */
  readonly attempts_max: number;
  /** How long a snapshot may stand still: the first wait, and the longest. */
  readonly snapshotWait_us: number;
  readonly snapshotWaitMax_us: number;
}

/** Lines A and B of one machine's network are apart by far less than the wait; an answer crosses an ocean within its own. */
export const RECOVERY_LIMITS: RecoveryLimits = {
  reorderWait_us: 5_000,
  retransmitWait_us: 250_000,
  attempts_max: 4,
  snapshotWait_us: 1_000_000,
  snapshotWaitMax_us: 8_000_000,
};

/** The table with its clocks and counts, for one channel. */
export class RecoveryCourse {
  state: RecoveryState = Live;
  deadline_us = Number.POSITIVE_INFINITY;
  readonly #limits: RecoveryLimits;
  #attempts = 0;

  constructor(limits: RecoveryLimits) {
    this.#limits = limits;
  }

  /** A gap lies open; the packet behind it came at `behind_us`. */
  gapSeen(behind_us: number): void {
    if (this.state === Live) this.deadline_us = behind_us + this.#limits.reorderWait_us;
    this.#step(RecoveryEvent.GapSeen);
  }

  /** The oldest gap is closed; whether another one lies open is said next. */
  gapClosed(): void {
    this.#step(RecoveryEvent.GapClosed);
    if (this.state !== Live) return;
    this.#attempts = 0;
    this.deadline_us = Number.POSITIVE_INFINITY;
  }

  /** The oldest gap is closed, and the next one was asked for with it. */
  gapMoved(now_us: number): void {
    if (this.state === Asking) this.#attempts = 1;
    this.progressed(now_us);
  }

  /** Something of what was asked for came. */
  progressed(now_us: number): void {
    if (this.state === Asking) this.deadline_us = now_us + this.#limits.retransmitWait_us;
    if (this.state === Snapshot) this.deadline_us = now_us + this.#snapshotWait_us();
  }

  /** What the time asks for; `isServed`: somebody is there who retransmits, and would so much. */
  due(now_us: number, isServed: boolean): RecoveryAction {
    if (now_us < this.deadline_us) return None;
    const mayAsk = isServed && this.#attempts < this.#limits.attempts_max;
    const event = this.state === Snapshot || mayAsk ? RecoveryEvent.Due : RecoveryEvent.Unserved;
    return this.#act(this.#step(event), now_us);
  }

  /** The request for what is missing was refused for good. */
  refused(now_us: number): RecoveryAction {
    return this.state === Asking ? this.#act(this.#step(RecoveryEvent.Unserved), now_us) : None;
  }

  /** What is known is of no more use: another epoch, a book that proved wrong, a gap too wide. */
  snapshotNeeded(now_us: number): RecoveryAction {
    return this.#act(this.#step(RecoveryEvent.SnapshotNeeded), now_us);
  }

  snapshotWhole(): void {
    this.#step(RecoveryEvent.SnapshotWhole);
    this.#attempts = 0;
    this.deadline_us = Number.POSITIVE_INFINITY;
  }

  #step(event: RecoveryEvent): RecoveryAction {
    const [state, action] = recoveryStep(this.state, event);
    if (state === Snapshot && this.state !== Snapshot) this.#attempts = 0;
    this.state = state;
    return action;
  }

  #act(action: RecoveryAction, now_us: number): RecoveryAction {
    if (action === None) return None;
    const isSnapshot = action === ASK_SNAPSHOT;
    this.deadline_us = now_us + (isSnapshot ? this.#snapshotWait_us() : this.#limits.retransmitWait_us);
    this.#attempts++;
    return action;
  }

  #snapshotWait_us(): number {
    const { snapshotWait_us, snapshotWaitMax_us } = this.#limits;
    return Math.min(snapshotWaitMax_us, snapshotWait_us * 2 ** Math.min(this.#attempts, 20));
  }
}

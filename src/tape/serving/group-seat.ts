// A group of a topic while somebody is in it: its members in the order they came. The first is active, the others stand by; when it
// leaves the next one is, from what the group has committed, or where its first member began. So there is one active member at every
// moment, or none.

/** One subscriber of the group. */
export interface GroupMember {
  activate(): void;
}

export class GroupSeat {
  readonly #members = new Set<GroupMember>();
  #active: GroupMember | undefined;
  #firstRecord = 0;

  /** Where its first member began; 0: none has yet. */
  get firstRecord(): number {
    return this.#firstRecord;
  }

  /** The active member begins at `record`. */
  begins(record: number): void {
    if (this.#firstRecord === 0) this.#firstRecord = record;
  }

  get size(): number {
    return this.#members.size;
  }

  isActive(member: GroupMember): boolean {
    return this.#active === member;
  }

  /** Whether it is active at once; otherwise it stands by until `activate`. */
  join(member: GroupMember): boolean {
    this.#members.add(member);
    this.#active ??= member;
    return this.#active === member;
  }

  /** Nobody in it any more: true. */
  leave(member: GroupMember): boolean {
    this.#members.delete(member);
    if (this.#active !== member) return this.#members.size === 0;
    const [next] = this.#members;
    this.#active = next;
    next?.activate();
    return next === undefined;
  }
}

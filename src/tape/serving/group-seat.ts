// A group of a topic while somebody is in it: its members in the order they came. The first is active, the others stand by; when it
// leaves the next one is, from what the group has committed, or where it began. So there is one active member at every moment, or none.

/** One subscriber of the group. */
export interface GroupMember {
  activate(): void;
}

export class GroupSeat {
  readonly #members = new Set<GroupMember>();
  #active: GroupMember | undefined;
  /** It began with those who are in it, and has committed nothing: then it is over with the last of them. */
  isNew = false;

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

// The waiter flags. Whoever wants to sleep raises its flag, looks once more for what it waits for, and sleeps only
// while the flag is up; whoever changes something looks at the flag afterwards. So the one that is not waited for
// pays a load, no system call, and no wake-up is lost (ring.md, "Why no wake-up is lost").

/** Wakes the waiter behind `flag`, if there is one. To be called after the change has been stored. */
export function wakeWaiter(header: Int32Array, flag: number): void {
  if (Atomics.load(header, flag) === 0) return;
  Atomics.store(header, flag, 0);
  Atomics.notify(header, flag);
}

// What a replica's log says of a primary that is not there: it is tried four times a second, and each reason is told once.

/** Reasons for which nobody is followed: some for each address. */
const REASONS_MAX = 16;

export class LostNotice {
  readonly #news: (line: string) => void;
  /** Told since somebody was followed. */
  readonly #told = new Set<string>();

  constructor(news: (line: string) => void) {
    this.#news = news;
  }

  followed(): void {
    this.#told.clear();
  }

  /** `how`: the address, and why. */
  lost(how: string, wasFollowing: boolean): void {
    if (wasFollowing) this.#news(`the connection to the primary ended: ${how}`);
    else if (!this.#told.has(how) && this.#told.size < REASONS_MAX)
      this.#news(`follows nobody yet: ${how}; it is tried again`);
    if (this.#told.size < REASONS_MAX) this.#told.add(how);
  }
}

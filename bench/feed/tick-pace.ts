// What sender and readers of the bench of ticks/1 agree on.

/** After so many bytes a reader says that it has read them. */
export const READ_PER_WORD_BYTES = 64 * 1_024;

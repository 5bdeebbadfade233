// What a journal has to be told of its application's records, so that it refuses, by file and position, what the
// application could not apply: another application's log, a newer version's. All records have one size and keep the
// sequencer's time at one place (protocol/commands); kinds and contents are the application's own.

export interface RecordRules {
  /**
   * Why the `count` records from word offset `at` on are no first frame (genesis entry) of this application, in words
   * that follow "position 1: "; undefined when they are one.
   */
  genesisFault(words: Int32Array, at: number, count: number): string | undefined;
  /**
   * The index of the first of `count` records from word offset `at` on that this application does not know, in kind or
   * content; -1 when it knows all. Asked of every frame behind the first, so it allocates nothing.
   */
  firstUnknown(words: Int32Array, at: number, count: number): number;
}

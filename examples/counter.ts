// Another state machine on the runtime: counters by number, every addition durable before it is answered, and there again
// after a kill -9. In a clone, with lines like `add 7 5` (5 to counter 7) on stdin:
//
//   npm run example examples/counter.ts counter-data
//
// On two machines, with a key each (seriatim keygen, role replica): the one adds --keys ring.json --own-key north.json
// --replication-port 9029, the other its own key and --replica-of 9029. An addition is answered when one disk and both
// memories have it; when the first machine is lost, the other one is started in its place.
//
// A record has 80 bytes, and the sequencer writes its time into bytes 40 to 47. Kinds from 128 on are an application's own.
// Command   u32 kind | u32 counter | i32 amount             Event   u32 kind | u32 counter | i64 value, the new one or the old

import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { type Application, type RecordBuffer, SeriatimError } from "seriatim";
import { fromSignedLanes, highLane, lowLane } from "seriatim/base";
import { SEGMENT_BYTES_DEFAULT } from "seriatim/journal";
import {
  openDataDirectory,
  openRuntime,
  type RecordRules,
  Replica,
  type ReplicationOptions,
  Submissions,
} from "seriatim/runtime";

const RECORD_WORDS = 20;
const BEGIN = 128;
const ADD = 129;
const ADDED = 1;
const TOO_LARGE = 2;
const COUNTERS = 1_000;
const VALUE_MAX = Number.MAX_SAFE_INTEGER;

/** The state, and what a command does to it: a pure function, so that every replay gives the same. */
export class Counters implements Application {
  #values = new Float64Array(COUNTERS);

  apply(words: Int32Array, at: number, events: RecordBuffer): void {
    if (words[at] !== ADD) return;
    const [counter, amount] = [words[at + 1], words[at + 2]];
    const value = this.#values[counter] + amount;
    const fits = Math.abs(value) <= VALUE_MAX;
    if (fits) this.#values[counter] = value;
    const event = events.claim();
    const { words: out } = events;
    out[event] = fits ? ADDED : TOO_LARGE;
    out[event + 1] = counter;
    out[event + 2] = lowLane(this.#values[counter]);
    out[event + 3] = highLane(this.#values[counter]);
  }

  snapshot(write: (piece: Uint8Array) => void): void {
    write(new Uint8Array(this.#values.buffer));
  }

  restore(bytes: Uint8Array): void {
    if (bytes.length !== this.#values.byteLength)
      throw new SeriatimError("SNAPSHOT_INVALID", "it holds another number of counters");
    this.#values = new Float64Array(bytes.slice().buffer);
  }
}

/** What a log of counters holds; the journal refuses all else. */
export const rules: RecordRules = {
  genesisFault: (words, at, count) =>
    words[at] === BEGIN && words[at + 1] === COUNTERS && count === 1 ? undefined : "it is no log of counters",
  firstUnknown(words, at, count) {
    for (let i = 0, word = at; i < count; i++, word += RECORD_WORDS)
      if (words[word] !== ADD || words[word + 1] >>> 0 >= COUNTERS) return i;
    return -1;
  },
};

/** Counters whose every addition is safe when its promise resolves: on the disk, and with a replica where there is one. */
export async function openCounters(path: string, replication?: ReplicationOptions) {
  const genesis = new Int32Array(RECORD_WORDS);
  genesis.set([BEGIN, COUNTERS]);
  const runtime = await openRuntime({
    ...{ application: new Counters(), genesis, rules: import.meta.url, replication },
    directory: await openDataDirectory(path),
  });
  const submissions = new Submissions(runtime, rules);
  runtime.run(submissions, submissions);
  return {
    commands: runtime.recovered.position - 1,
    failed: runtime.failed,
    /** Resolves with the counter's value; rejects with SeriatimError when the addition is not in the log, or may not be. */
    async add(counter: number, amount: number): Promise<number> {
      const { events } = await submissions.submit((words, at) => words.set([ADD, counter, amount], at));
      const value = fromSignedLanes(events[2], events[3]);
      if (events[0] === TOO_LARGE) throw new SeriatimError("TOO_LARGE", `counter ${counter} stays ${value}`);
      return value;
    },
    async close(): Promise<void> {
      await submissions.close();
      await runtime.stop();
    },
  };
}

async function serve(path: string, replication?: ReplicationOptions): Promise<void> {
  const counters = await openCounters(path, replication);
  console.log(`${counters.commands} additions in the log`);
  const lines = createInterface({ input: process.stdin });
  counters.failed.then(() => lines.close());
  for await (const line of lines) {
    const [, counter, amount] = /^add (\d{1,3}) (-?\d{1,9})$/.exec(line) ?? [];
    if (amount === undefined) console.log("not a line like: add 7 5");
    else
      counters.add(Number(counter), Number(amount)).then(
        (value) => console.log(`counter ${counter} is ${value}`),
        (error: SeriatimError) => console.log(`counter ${counter}: ${error.message}`),
      );
  }
  await counters.close();
}

/** A copy of the counters, until stdin ends. */
async function follow(path: string, port: number, keys: string, ownKey: string): Promise<void> {
  const replica = new Replica({
    ...{ keys, ownKey, rules: import.meta.url, segmentBytes: SEGMENT_BYTES_DEFAULT, news: console.log },
    ...{ application: () => new Counters(), primaries: [{ host: "127.0.0.1", port }] },
    directory: await openDataDirectory(path),
  });
  await Promise.race([once(process.stdin.resume(), "end"), replica.failed]);
  await replica.stop();
}

async function main(): Promise<void> {
  const text = { type: "string", default: "" } as const;
  const options = { keys: text, "own-key": text, "replication-port": text, "replica-of": text };
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  const { keys, "own-key": ownKey, "replica-of": primary, "replication-port": port } = values;
  const [path = "counter-data"] = positionals;
  if (primary !== "") return follow(path, Number(primary), keys, ownKey);
  return serve(path, port === "" ? undefined : { host: "127.0.0.1", port: Number(port), keys, ownKey });
}

if (import.meta.main) await main();

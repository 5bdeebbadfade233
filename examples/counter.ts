// Another state machine on the runtime: counters by number, every addition durable before it is answered, and there again
// after a kill -9. In a clone, with lines like `add 7 5` (5 to counter 7) on stdin:
//
//   npm run example -- examples/counter.ts counter-data
//
// Two of them, with a key each (seriatim keygen, role replica): the first adds --keys ring.json --own-key north.key
// --replication-port 9029, the second its own key, --replication-port 9030 and --replica-of 9029. An addition is answered when
// one disk and both memories have it. When the first is lost, the line `lead` makes the second go on in its place with what it
// has in memory; the lost one comes back with --replica-of 9030.
//
// A record has 80 bytes, and the sequencer writes its time into bytes 40 to 47. Kinds from 128 on are an application's own.
// Command   u32 kind | u32 counter | i32 amount             Event   u32 kind | u32 counter | i64 value, the new one or the old

import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { type Application, type RecordBuffer, SeriatimError } from "seriatim";
import { counted, fromSignedLanes, highLane, lowLane } from "seriatim/base";
import { SEGMENT_BYTES_DEFAULT } from "seriatim/journal";
import type { RecordRules, ReplicationOptions, RuntimeOptions } from "seriatim/runtime";
import { openDataDirectory, openRuntime, Replica, Submissions } from "seriatim/runtime";

const RECORD_WORDS = 20;
const [BEGIN, ADD] = [128, 129];
const [ADDED, TOO_LARGE] = [1, 2];
const COUNTERS = 1_000;

/** The state, and what a command does to it: a pure function, so that every replay gives the same result. */
export class Counters implements Application {
  #values = new Float64Array(COUNTERS);

  apply(words: Int32Array, at: number, events: RecordBuffer): void {
    if (words[at] !== ADD) return;
    const [counter, amount] = [words[at + 1], words[at + 2]];
    const value = this.#values[counter] + amount;
    const fits = Number.isSafeInteger(value);
    if (fits) this.#values[counter] = value;
    const is = fits ? value : this.#values[counter];
    const event = events.claim();
    events.words.set([fits ? ADDED : TOO_LARGE, counter, lowLane(is), highLane(is)], event);
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

/** What a log of counters may hold; the journal refuses everything else. */
export const rules: RecordRules = {
  genesisFault: (words, at, count) =>
    words[at] === BEGIN && words[at + 1] === COUNTERS && count === 1 ? undefined : "it is no log of counters",
  firstUnknown(words, at, count) {
    for (let i = 0, word = at; i < count; i++, word += RECORD_WORDS)
      if (words[word] !== ADD || words[word + 1] >>> 0 >= COUNTERS) return i;
    return -1;
  },
};

/** What counters begin with: only a directory, or what a copy has handed over, and its tenure. */
type Origin = Pick<RuntimeOptions, "application" | "directory" | "warm" | "tenure">;

/** Counters whose every addition is safe when its promise resolves: on the disk, and with a replica where there is one. */
export async function openCounters(origin: Origin, replication?: ReplicationOptions) {
  const genesis = Int32Array.from({ length: RECORD_WORDS }, (_, i) => [BEGIN, COUNTERS][i] ?? 0);
  const runtime = await openRuntime({ ...origin, genesis, rules: import.meta.url, replication });
  const submissions = new Submissions(runtime, rules);
  runtime.run(submissions, submissions);
  console.log(`${counted(runtime.recovered.position, "command")} in the log`);
  return {
    failed: runtime.failed,
    /** Resolves with the counter's value; rejects with SeriatimError when the addition is not in the log, or may not be. */
    async add(counter: number, amount: number): Promise<number> {
      const { events } = await submissions.submit((words, at) => words.set([ADD, counter, amount], at));
      const value = fromSignedLanes(events[2], events[3]);
      if (events[0] === TOO_LARGE) throw new SeriatimError("TOO_LARGE", `counter ${counter} stays ${value}`);
      return value;
    },
    async stop(): Promise<void> {
      await submissions.close();
      await runtime.stop();
    },
  };
}

type Counting = Awaited<ReturnType<typeof openCounters>>;

/** The counters that a copy becomes; the copy itself when it may not lead, or not yet. */
async function lead(copy: Replica, replication?: ReplicationOptions): Promise<Counting | Replica> {
  const decision = await copy.decide(false);
  if (decision.kind === "lead")
    return openCounters({ ...(await copy.handOver()), tenure: decision }, replication);
  console.log(`it does not lead: ${decision.because}`);
  return copy;
}

function add(counters: Counting | Replica, line: string): void {
  const [, counter, amount] = /^add (\d{1,3}) (-?\d{1,9})$/.exec(line) ?? [];
  if (amount === undefined) console.log("not a line like: add 7 5");
  else if (counters instanceof Replica) console.log("this is a copy, which does not add: see the line lead");
  else
    counters.add(Number(counter), Number(amount)).then(
      (value) => console.log(`counter ${counter} is ${value}`),
      (error: SeriatimError) => console.log(`counter ${counter}: ${error.message}`),
    );
}

async function main(): Promise<void> {
  const text = { type: "string", default: "" } as const;
  const options = { keys: text, "own-key": text, "replication-port": text, "replica-of": text };
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  const { keys, "own-key": ownKey, "replica-of": primary } = values;
  const listen = { host: "127.0.0.1", port: Number(values["replication-port"]) };
  const node = { keys, ownKey, inLog: () => ({ ackPolicy: "disk+ram" as const }) };
  const directory = await openDataDirectory(positionals[0] ?? "counter-data");
  const primaries = [{ host: "127.0.0.1", port: Number(primary) }];
  const own = { directory, rules: import.meta.url, segmentBytes: SEGMENT_BYTES_DEFAULT, news: console.log };
  const application = () => new Counters();
  const cluster = keys === "" ? undefined : { ...listen, ...node };
  let counters: Counting | Replica =
    primary === ""
      ? await openCounters({ application: application(), directory }, cluster)
      : new Replica({ ...node, ...own, listen, primaries, application });
  const lines = createInterface({ input: process.stdin });
  counters.failed.then(() => lines.close());
  for await (const line of lines) {
    if (line === "lead" && counters instanceof Replica) {
      counters = await lead(counters, cluster);
      counters.failed.then(() => lines.close());
    } else add(counters, line);
  }
  await counters.stop();
}

const USAGE =
  "usage: npm run example -- examples/counter.ts [directory] [--keys FILE --own-key FILE --replication-port N [--replica-of PORT]]";

/** One line; status 2 for flags that there aren't. */
function giveUp(error: NodeJS.ErrnoException): never {
  const isUsage = error.code?.startsWith("ERR_PARSE_ARGS") === true;
  console.error(isUsage ? USAGE : error.message);
  process.exit(isUsage ? 2 : 1);
}

if (import.meta.main) await main().catch(giveUp);

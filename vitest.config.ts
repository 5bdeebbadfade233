import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { BUNDLED_LAUNCHER, threadsFromBundle } from "./tools/bundle.ts";

// Tests start hundreds of threads and processes from the sources: what one has compiled the others read (bin/seriatim does the same).
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("node_modules/.cache/seriatim", import.meta.url));

// Nodes that are processes, and most command lines: test/support/launcher.ts.
process.env.TEST_LAUNCHER = BUNDLED_LAUNCHER;

/** What tests are told. Other settings in the environment are for an exchange of whoever runs them: theirs are not. */
const TOLD = ["SERIATIM_SEED", "SERIATIM_SEEDS", "SERIATIM_KILLS"];
for (const name of Object.keys(process.env))
  if (name.startsWith("SERIATIM_") && !TOLD.includes(name)) delete process.env[name];

/** Tests that leave nothing behind in their process: file after file in the same one, modules imported once. Whole layers, ... */
const LAYERS =
  "{base,conformance,engine,feed,gateway,journal,lab,protocol,replay,replication,segment,sequencer,simulation,tape,web}";
/** ... and files of the others. */
const FILES = [
  "client/{open/resumption,session/session-course,socket/market}",
  "cli/{arguments,failure,stdout,feed/watch-table,feed/watch-view,tape/parts}",
  "feed-runtime/{serving/feed-service,serving/serving-turns,ticks-client/documentation}",
  "node/{account-names,condition,configuration,configuration-page,connection-log,degraded-notice,full-notice,genesis-settings}",
  "node/{log,log-damage,rare-notices,resting,taken-out-log,tape-access,tape-settings}",
  "node/{admin/journaled-commands,drop-copy/report-source}",
  "node/web/{copy/missed-commands,http/origin,session/admission,session/list-turns,sockets/message-clock,sockets/text-frames}",
  "platform/{bounded-file,native-checksums,node-storage,system-clock}",
  "ring/{agent,interleaving,ring}",
  "runtime/{ack-gate,applying,cluster-view,command-path,command-timer,data-directory,gate-waits,key-files}",
  "runtime/{load-meter,promise,replica-view,said-in-log,snapshots,submissions}",
  "tape-runtime/{tape-directory,broker/admission,broker/queues,broker/topic-desk,client/errors,client/publish-window}",
  "{documents,planted,tape-pressure/judge}",
];
const PURE = [`test/${LAYERS}/**/*.test.ts`, ...FILES.map((files) => `test/${files}.test.ts`)];

/** Those that measure or mock what others would leave in their process, and the longest, for which it makes no difference. */
const ALONE = [
  "client/open/order-entry-client",
  "feed-runtime/{handler/feed-handler,serving/tcp}",
  "node/{admin/admin,cluster,order-access,promotion,replica-snapshots,snapshots}",
  "runtime/{ack-wakes,serving-listener,tenure}",
  "tape-runtime/{broker/broker,broker/pressure,client/received-batch}",
];
/** Tests whose nodes, brokers and clients are threads of their process, and end with them: they share one too, loaded by Vite. */
const SHARED = globSync("test/{cli,client,feed-runtime,node,runtime,tape-runtime}/**/*.test.ts", {
  cwd: import.meta.dirname,
  exclude: ALONE.map((files) => `test/${files}.test.ts`),
});

/** Begun last, each of them would run on alone; a first run knows files by their sizes only, which say little. */
const LONGEST =
  /test\/(bench\/durability|browser\/cluster|crash\/kill|lab\/differential|node\/replica-snapshots|simulation\/simulation)\.test\.ts$/;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONGEST.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    // What never comes is found by these; a machine that is busy with other things misses none of them.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000, interval: 20 } },
    // Most tests wait for disks, sockets and processes: four files at a time also on two cores.
    maxWorkers: 4,
    reporters: ["default", "./tools/vitest-summary.ts"],
    sequence: { sequencer: LongestFirst },
    // Once for all projects, whichever of them run: what tests start as a process must not be of an older source.
    globalSetup: "./tools/bundle.ts",
    // One behind the other by their names: the pure ones are short, and fill up what the long ones leave at the end.
    projects: [
      {
        extends: true,
        plugins: [threadsFromBundle()],
        test: {
          name: "a-process-each",
          include: ["test/**/*.test.ts"],
          exclude: [...PURE, ...SHARED],
        },
      },
      {
        extends: true,
        plugins: [threadsFromBundle()],
        test: {
          name: "one-process",
          include: SHARED,
          exclude: PURE,
          isolate: false,
          unstubGlobals: true,
        },
      },
      {
        extends: true,
        test: {
          name: "pure",
          include: PURE,
          isolate: false,
          unstubGlobals: true,
          // Imported by Node itself, as everywhere else: Vite's own way makes every use of an imported name a call of a getter.
          experimental: { viteModuleRunner: false },
        },
      },
    ],
  },
});

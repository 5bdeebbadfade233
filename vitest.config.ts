import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BUNDLED_LAUNCHER, threadsFromBundle } from "./tools/bundle.ts";

// Tests start hundreds of threads and processes from the sources: what one has compiled the others read (bin/seriatim does the same).
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("node_modules/.cache/seriatim", import.meta.url));

// Nodes that are processes, and most command lines: test/support/launcher.ts.
process.env.TEST_LAUNCHER = BUNDLED_LAUNCHER;

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

export default defineConfig({
  test: {
    // What never comes is found by these; a machine that is busy with other things misses none of them.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000, interval: 20 } },
    // Most tests wait for disks, sockets and processes: three files at a time also on two cores.
    maxWorkers: 3,
    reporters: ["default", "./tools/vitest-summary.ts"],
    // One behind the other by their names: the pure ones are short, and fill up what the long ones leave at the end.
    projects: [
      {
        extends: true,
        plugins: [threadsFromBundle()],
        test: {
          name: "a-process-each",
          include: ["test/**/*.test.ts"],
          exclude: PURE,
          globalSetup: "./tools/bundle.ts",
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

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import {
  DESCRIPTORS_BESIDE,
  refuseTooFewDescriptors,
  refuseTooFewForTape,
} from "../../src/node/descriptors.ts";
import { configurationOf } from "../../src/node/index.ts";

const LAUNCHER = fileURLToPath(new URL("../../bin/seriatim", import.meta.url));

const refusal = async (connectionsMax: number, limit: number, feeds: object = {}): Promise<string> => {
  try {
    await refuseTooFewDescriptors(configurationOf({ connectionsMax, ...feeds }).configuration, limit);
    return "none";
  } catch (error) {
    return (error as Error).message;
  }
};

test("connections and all that a node has beside them must fit the process's limit", async () => {
  const beside = DESCRIPTORS_BESIDE;
  expect(await refusal(1_000, 1_000 + beside)).toBe("none");
  expect(await refusal(65_535, Number.POSITIVE_INFINITY)).toBe("none");
  const words = (limit: number) =>
    `connections-max 1000 can need ${1_000 + beside} open files and sockets (${beside} for all else), and this process may have ${limit}`;
  expect(await refusal(1_000, 999 + beside)).toBe(
    `${words(999 + beside)}: raise its limit (ulimit -n) or give 999`,
  );
  // 1,024 subscribers by TCP and 128 by WebSocket; 64 clients of ticks/1; each with some that are refused.
  expect(await refusal(1_000, 1_000 + beside, { mdPort: 0 })).toContain(
    `can need ${1_000 + beside + 1_024 + 16 + 128} open`,
  );
  expect(await refusal(1_000, 1_000 + beside, { mdUdp: "127.0.0.1:9" })).toContain(
    `can need ${1_000 + beside + 128 + 16} open`,
  );
  expect(await refusal(1_000, 1_000 + beside, { feedPort: 0 })).toMatch(
    /raise its limit \(ulimit -n\) or give 9\d\d/,
  );
  expect(await refusal(1_000, 1_000 + beside, { tapePort: 0, tapeConnectionsMax: 10 })).toContain(
    `can need ${1_000 + beside + 10 + 6_272} open`,
  );
  expect(await refusal(1_000, 64)).toBe(`${words(64)}: raise its limit (ulimit -n)`);
});

test("a tape alone needs its connections and its topics' files", () => {
  expect(() => refuseTooFewForTape(1_024, 7_424)).not.toThrow();
  expect(() => refuseTooFewForTape(1_024, 7_423)).toThrow(
    /^connections-max 1024 can need 7424 open files and sockets, and this process may have 7423: raise its limit/,
  );
});

test.skipIf(process.platform === "win32")(
  "a start under a limit that is too low is one line, exit status 2",
  () => {
    const command = `ulimit -n ${DESCRIPTORS_BESIDE + 92} && exec "$@"`;
    const ended = spawnSync("sh", ["-c", command, "sh", process.execPath, LAUNCHER, "start"], {
      encoding: "utf8",
    });
    expect(ended.stderr).toMatch(
      /^seriatim: connections-max 1024 can need \d+ .* this process may have \d+: .* or give 92\n$/,
    );
    expect(ended.status).toBe(2);
  },
);

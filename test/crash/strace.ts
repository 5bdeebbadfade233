// A process whose system calls fail as a test says, at the kernel's door: strace makes one call on a file fail, whoever
// makes it, and notes what was called. The process itself is not changed. Needs strace, and the right to trace.

import { spawnSync } from "node:child_process";

export interface CallFault {
  readonly call: "pwrite64" | "fdatasync" | "fsync" | "rename";
  readonly error: "EIO" | "ENOSPC";
  /** Which call of this name on one of the files: from 1 on. */
  readonly index: number;
}

/** A call that was made on one of the files. */
export interface TracedCall {
  readonly call: string;
  readonly path: string;
  readonly isOk: boolean;
  /** It was made to fail. */
  readonly isInjected: boolean;
  /** What it writes: a frame of a log, a segment's header, anything else. */
  readonly writes: "frame" | "header" | "other";
}

const CALLS = "pwrite64,fdatasync,fsync,rename";

/** Why no call can be made to fail here; undefined when it can. */
export function straceRefusal(): string | undefined {
  const { error, status, stderr } = spawnSync("strace", [
    "-qq",
    "-o",
    "/dev/null",
    "-e",
    "trace=none",
    "true",
  ]);
  if (error !== undefined) return "there is no strace";
  return status === 0 ? undefined : `strace may not trace: ${String(stderr).trim()}`;
}

/** What runs a process so that `fault` happens on one of `files`; what was called is in `output` at its end. */
export function underStrace(
  { call, error, index }: CallFault,
  files: readonly string[],
  output: string,
): [string, ...string[]] {
  const inject = `inject=${call}:error=${error}:when=${index}`;
  const paths = files.flatMap((file) => ["-P", file]);
  // As a grandchild: what was started is the process itself.
  return [
    ...(["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-y", "-o", output] as const),
    ...["-e", `trace=${CALLS}`, "-e", inject, ...paths],
  ];
}

const LINE = /^\d+ +(\w+)\((?:\d+<([^>]*)>|"([^"]*)")(.*)\) += (-?\d+)(.*)$/;

/** The calls in strace's own words, in their order. */
export function tracedCalls(text: string): TracedCall[] {
  return text.split("\n").flatMap((line) => {
    const found = LINE.exec(line);
    if (found === null) return [];
    const [, call, descriptor, name, rest, result, remark] = found;
    return {
      ...{ call, path: pathOf(descriptor ?? name), isOk: Number(result) >= 0 },
      ...{ isInjected: remark.includes("(INJECTED)"), writes: writtenBy(rest) },
    };
  });
}

/** What is not ASCII strace writes byte by byte, in octal digits. */
function pathOf(written: string): string {
  const byte = (_: string, digits: string) => String.fromCharCode(Number.parseInt(digits, 8));
  return Buffer.from(written.replace(/\\([0-7]{1,3})/g, byte), "latin1").toString();
}

function writtenBy(rest: string): TracedCall["writes"] {
  if (rest.startsWith(', "FRAM')) return "frame";
  return rest.startsWith(', "seriatim') ? "header" : "other";
}

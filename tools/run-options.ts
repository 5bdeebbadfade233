// What a run of the project is told on its command line (`npm run crash`, `npm run hostile`, ...). `--help` prints what stands at the head
// of its program; whatever is wrong is one line that names it, exit status 2, before anything has begun.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { type ParseArgsOptionsConfig, parseArgs } from "node:util";

export interface NumberOption {
  /** Where it is not given. */
  readonly unless: number;
  readonly least: number;
  /** False: parts of one, too. */
  readonly isWhole?: false;
}

/** Any whole number, another one for each run that is not told. */
export const SEED: NumberOption = { unless: Date.now() % 1_000_000, least: 0 };

export type RunOptions<N extends string, T extends string> = Readonly<
  Record<N, number> & Partial<Record<T, string>>
>;

/**
 * Of `args`: numbers, and texts as they are, undefined where they are not given.
 * @throws Error in one line.
 */
export function parseRunOptions<N extends string, T extends string>(
  args: readonly string[],
  numbers: Readonly<Record<N, NumberOption>>,
  texts: readonly T[],
): RunOptions<N, T> | "help" {
  const names = [...Object.keys(numbers), ...texts];
  const options: ParseArgsOptionsConfig = { help: { type: "boolean" } };
  for (const name of names) options[name] = { type: "string" };
  const { values } = parseArgs({ args: [...args], options });
  if (values.help === true) return "help";
  const read = Object.entries<NumberOption>(numbers).map(([name, wanted]) => {
    const text = values[name];
    return [name, text === undefined ? wanted.unless : numberOf(name, String(text), wanted)];
  });
  return { ...values, ...Object.fromEntries(read) } as RunOptions<N, T>;
}

function numberOf(name: string, text: string, { least, isWhole }: NumberOption): number {
  const value = text === "" ? Number.NaN : Number(text);
  const isFit = isWhole === false ? Number.isFinite(value) : Number.isSafeInteger(value);
  if (isFit && value >= least) return value;
  throw new Error(
    `--${name} is a ${isWhole === false ? "" : "whole "}number from ${least} on, not '${text}'`,
  );
}

/** The options of this process, whose program is `program` (its import.meta.url). */
export function runOptions<N extends string, T extends string>(
  program: string,
  numbers: Readonly<Record<N, NumberOption>>,
  texts: readonly T[],
): RunOptions<N, T> {
  const values = orWrongUsage(() => parseRunOptions(process.argv.slice(2), numbers, texts));
  if (values !== "help") return values;
  process.stdout.write(headOf(program));
  process.exit(0);
}

/** What `ask` returns; what it throws is what the user did, and ends the process. */
export function orWrongUsage<Value>(ask: () => Value): Value {
  try {
    return ask();
  } catch (error) {
    const name = process.env.npm_lifecycle_event ?? basename(process.argv[1] ?? "");
    // What Node says of arguments goes on with advice.
    const [line] = (error as Error).message.split("\n");
    process.stderr.write(`${name}: ${line}\n`);
    process.exit(2);
  }
}

/** The comment that a program begins with. */
function headOf(program: string): string {
  const lines = readFileSync(fileURLToPath(program), "utf8").split("\n");
  const head = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith("//")),
  );
  return head.map((line) => `${line.replace(/^\/\/ ?/, "")}\n`).join("");
}

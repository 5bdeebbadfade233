import { CommanderError } from "commander";
import { expect, test } from "vitest";
import { AssertionError, SeriatimError } from "../../src/base/index.ts";
import { describeFailure, type Failure } from "../../src/cli/failure.ts";

const rows: [what: string, error: unknown, failure: Failure][] = [
  ["failed work", new SeriatimError("X", "disk full"), { status: 1, line: "seriatim: disk full" }],
  [
    "wrong usage",
    new SeriatimError("X", "no such profile", { exitCode: 2 }),
    { status: 2, line: "seriatim: no such profile" },
  ],
  [
    "a message of several lines",
    new SeriatimError("X", "one\n  two\n"),
    { status: 1, line: "seriatim: one two" },
  ],
  [
    "an unknown option",
    new CommanderError(1, "commander.unknownOption", "error: unknown option '--prt'\n(Did you mean --port?)"),
    { status: 2, line: "seriatim: unknown option '--prt' (Did you mean --port?)" },
  ],
  ["help", new CommanderError(0, "commander.helpDisplayed", "(outputHelp)"), { status: 0, line: undefined }],
  [
    "the help command",
    new CommanderError(0, "commander.help", "(outputHelp)"),
    { status: 0, line: undefined },
  ],
  [
    "a broken invariant",
    new AssertionError("level is linked twice"),
    { status: 1, line: "seriatim: this is a bug: level is linked twice (SERIATIM_DEBUG=1 shows where)" },
  ],
  [
    "a thrown string",
    "oops",
    { status: 1, line: "seriatim: this is a bug: oops (SERIATIM_DEBUG=1 shows where)" },
  ],
];

test.each(rows)("%s is said in one line with its exit status", (_what, error, failure) => {
  expect(describeFailure(error)).toEqual(failure);
});

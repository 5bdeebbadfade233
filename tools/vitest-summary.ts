// The last words of a test run: every skipped case with its reason, then `123 passed, 0 failed` (`, 4 skipped`), so
// that a person or a script can read the outcome off the last line. A file that can't be run, or an error outside of
// any test, counts as a failure: a run that exits non-zero never says `0 failed`.

import type { Reporter, TestCase, TestModule } from "vitest/node";

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const cases = modules.flatMap((module) => [...module.children.allTests()]);
    const skipped = cases.filter((each) => each.result().state === "skipped");
    // Suites have errors of their own when a beforeAll or the collection fails.
    const brokenSuites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const broken = brokenSuites.filter((suite) => suite.errors().length > 0).length;
    const passed = cases.filter((each) => each.result().state === "passed").length;
    const failed = cases.length - passed - skipped.length + broken + unhandledErrors.length;
    for (const each of skipped) console.log(`skipped: ${placeOf(each)}${reasonOf(each)}`);
    console.log(
      `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`,
    );
  }
}

function placeOf(testCase: TestCase): string {
  return `${testCase.module.relativeModuleId} > ${testCase.fullName}`;
}

function reasonOf(testCase: TestCase): string {
  const result = testCase.result();
  return result.state === "skipped" && result.note !== undefined ? `: ${result.note}` : "";
}

// When the log speaks of a certificate that ends: in days of a clock of the test's own.

import { expect, test } from "vitest";
import { CertificateNotice } from "../../src/node/certificate-notice.ts";

const DAY_US = 86_400_000_000;
const END_US = 1_800_000_000_000_000;
const NEXT = "a new one is read at the next start";

/** What is said when it is looked every hour, from `from` to `to` days before the end: of each day the hours at which it was. */
function said(from: number, to: number): string[] {
  const lines: string[] = [];
  const notice = new CertificateNotice(END_US, (line) => lines.push(line));
  for (let hours = from * 24; hours >= to * 24; hours--) notice.tick(END_US - (hours * DAY_US) / 24);
  return lines;
}

test("it is said once a day from 30 days before, at once when it is looked first, and after the end too", () => {
  expect(said(60, 31)).toEqual([]);
  expect(said(60, 29)).toEqual([
    `the certificate of tls-cert expires at 2027-01-15T08:00:00.000Z, in 30 days; ${NEXT}`,
    `the certificate of tls-cert expires at 2027-01-15T08:00:00.000Z, in 29 days; ${NEXT}`,
  ]);
  expect(said(0.5, -1)).toEqual([
    `the certificate of tls-cert expires at 2027-01-15T08:00:00.000Z, in 0 days; ${NEXT}`,
    `the certificate of tls-cert expired at 2027-01-15T08:00:00.000Z: whoever connects by TLS refuses it; ${NEXT}`,
  ]);
});

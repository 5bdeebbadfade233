// The latest execution reports of my account, newest first: what happened to every order and request of it.

import type { ReportMessage } from "../src/protocol/index.ts";
import type { Desk } from "./desk.ts";
import { eventWords, priceWords } from "./report-words.ts";
import { grouped, timeText } from "./words.ts";

/** Rows of the table: nobody reads more, and each costs time to draw. */
const ROWS_MAX = 100;

export function ReportTable({ desk }: { readonly desk: Desk }) {
  const { reports } = desk.socket.orders;
  if (reports.length === 0) return <p class="empty">No reports since this page was opened</p>;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col" class="number">
            No.
          </th>
          <th scope="col">Report</th>
          <th scope="col">Instrument</th>
          <th scope="col">Side</th>
          <th scope="col" class="number">
            Price
          </th>
          <th scope="col" class="number">
            Lots
          </th>
          <th scope="col" class="number">
            Filled
          </th>
          <th scope="col" class="number">
            Left
          </th>
        </tr>
      </thead>
      <tbody>
        {reports
          .slice(-ROWS_MAX)
          .reverse()
          .map((report) => (
            <ReportRow key={report.number} report={report} />
          ))}
      </tbody>
    </table>
  );
}

function ReportRow({ report }: { readonly report: ReportMessage }) {
  const { number, event, symbol, side, lastQuantity, cumulative, leaves, time } = report;
  return (
    <tr>
      <td class="number-left">{timeText(Number(time), true)}</td>
      <td class="number">{grouped(BigInt(number))}</td>
      <td class={event === "rejected" ? "bad" : ""}>{eventWords(report)}</td>
      <td class="name">{symbol ?? "all"}</td>
      <td class={side ?? ""}>{side === undefined ? "" : side === "buy" ? "Buy" : "Sell"}</td>
      <td class="number">{priceWords(report)}</td>
      <Lots lots={lastQuantity} />
      <Lots lots={cumulative} />
      <Lots lots={leaves} />
    </tr>
  );
}

function Lots({ lots }: { readonly lots: number | undefined }) {
  return <td class="number">{lots === undefined ? "" : grouped(lots)}</td>;
}

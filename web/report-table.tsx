// The latest execution reports of my account, newest first: what happened to every order and request of it.

import type { ReportMessage } from "../src/protocol/index.ts";
import type { Desk } from "./desk.ts";
import { eventWords, priceWords } from "./report-words.ts";
import { grouped, timeText } from "./words.ts";

/** Rows of the table: nobody reads more, and each costs time to draw. */
const ROWS_MAX = 100;
/** From Report to Left. */
const ORDER_COLUMNS = 6;

export function ReportTable({ desk }: { readonly desk: Desk }) {
  const { reports } = desk.socket.orders;
  if (reports.length === 0) return <p class="empty">No reports since this page was opened</p>;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">Report</th>
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
          <th scope="col">Instrument</th>
          <th scope="col" class="number">
            No.
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
  const { number, event, symbol, time } = report;
  // Those two tell of a request, not of an order: their words have the order's columns.
  const isOfOrder = event !== "rejected" && event !== "massCancelled";
  return (
    <tr>
      <td class="number-left">{timeText(Number(time), true)}</td>
      {isOfOrder ? (
        <OrderCells report={report} />
      ) : (
        <td class={event === "rejected" ? "words bad" : "words"} colSpan={ORDER_COLUMNS}>
          <span>{eventWords(report)}</span>
        </td>
      )}
      <td class="name">{symbol ?? "all"}</td>
      <td class="number number-left">{grouped(BigInt(number))}</td>
    </tr>
  );
}

function OrderCells({ report }: { readonly report: ReportMessage }) {
  const { side = "", lastQuantity, cumulative, leaves } = report;
  return (
    <>
      <td class="words">{eventWords(report)}</td>
      <td class={side}>{side === "" ? "" : side === "buy" ? "Buy" : "Sell"}</td>
      <td class="number">{priceWords(report)}</td>
      <Lots lots={lastQuantity} />
      <Lots lots={cumulative} />
      <Lots lots={leaves} />
    </>
  );
}

function Lots({ lots }: { readonly lots: number | undefined }) {
  return <td class="number">{lots === undefined ? "" : grouped(lots)}</td>;
}

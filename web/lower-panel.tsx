// The lower panel: my orders, my fills and, with a token, my reports; the market overview; the health of the feeds; the tape.

import type { Desk } from "./desk.ts";
import { FeedHealth } from "./feed-health.tsx";
import { MarketOverview } from "./market-overview.tsx";
import { CancelButtons, countText, OwnTable } from "./own-tables.tsx";
import { type Lower, TABS, tabOf } from "./parts.ts";
import { TapePanel, useHasTape } from "./tape-panel.tsx";
import { useTopics } from "./topic.ts";
import { grouped } from "./words.ts";

const LABELS = {
  orders: "My orders and fills",
  market: "Market overview",
  feed: "Feed health",
  tape: "Tape",
} as const;

export function LowerPanel({ desk }: { readonly desk: Desk }) {
  useTopics(desk.parts.changed, desk.tables, desk.selection, desk.connection);
  const { hasReports } = desk.socket;
  const chosen = desk.parts.lower;
  const hasTape = useHasTape(desk);
  const isThere = (chosen !== "reports" || hasReports) && (chosen !== "tape" || hasTape);
  const shown = isThere ? chosen : "orders";
  const tab = tabOf(shown);
  return (
    <section class="panel own-panel" data-panel={tab} aria-label={LABELS[tab]}>
      <header class="panel-head">
        <h2 class="lower-title">{TABS[tab]}</h2>
        <Choices desk={desk} shown={shown} hasTape={hasTape} />
        {shown === "orders" && <CancelButtons desk={desk} />}
      </header>
      {shown === "market" && <MarketOverview desk={desk} />}
      {shown === "feed" && <FeedHealth desk={desk} />}
      {shown === "tape" && <TapePanel desk={desk} />}
      {shown !== "market" && shown !== "feed" && shown !== "tape" && <OwnTable desk={desk} name={shown} />}
    </section>
  );
}

interface ChoicesProps {
  readonly desk: Desk;
  readonly shown: Lower;
  readonly hasTape: boolean;
}

function Choices({ desk, shown, hasTape }: ChoicesProps) {
  const { orders, hasReports } = desk.socket;
  const choice = { shown, choose: (name: Lower) => desk.parts.chooseLower(name) };
  return (
    <fieldset class="segments tabs">
      <legend class="unseen">Table</legend>
      <Choice {...choice} name="orders" text={`My orders ${countText(orders)}`} />
      <Choice {...choice} name="fills" text={`My fills ${grouped(orders.fills.length)}`} />
      {hasReports && <Choice {...choice} name="reports" text="Reports" />}
      <Choice {...choice} name="market" text="Market" />
      <Choice {...choice} name="feed" text="Feed" />
      {hasTape && <Choice {...choice} name="tape" text="Tape" />}
    </fieldset>
  );
}

interface ChoiceProps {
  readonly name: Lower;
  readonly shown: Lower;
  readonly choose: (name: Lower) => void;
  readonly text: string;
}

function Choice({ name, shown, choose, text }: ChoiceProps) {
  return (
    <label class={tabOf(name) === "orders" ? "" : "wide-only"}>
      <input type="radio" name="lower" checked={shown === name} onChange={() => choose(name)} />
      <span>{text}</span>
    </label>
  );
}

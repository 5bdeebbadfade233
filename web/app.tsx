// The page as a whole: what stands where, what is said about the connection, and the tabs of a narrow screen.

import { CandleChart } from "./candle-chart.tsx";
import { ClusterPanel } from "./cluster-panel.tsx";
import { DepthChart } from "./depth-chart.tsx";
import type { Desk } from "./desk.ts";
import { AccountDialog, HelpDialog } from "./dialogs.tsx";
import { Header } from "./header.tsx";
import { CloseIcon } from "./icons.tsx";
import { Ladder } from "./ladder.tsx";
import { LowerPanel } from "./lower-panel.tsx";
import { MarketSummary } from "./market-summary.tsx";
import { isCluster, oldWords, useStatus } from "./node-state.ts";
import { OrderForm } from "./order-form.tsx";
import { TABS, type Tab } from "./parts.ts";
import { QueuePanel } from "./queue-panel.tsx";
import { FIELD_IDS, showDialog } from "./shortcuts.ts";
import { StatusBar } from "./status-bar.tsx";
import { useHasTape } from "./tape-panel.tsx";
import { useTopics } from "./topic.ts";
import { TradeList } from "./trade-list.tsx";

export function App({ desk }: { readonly desk: Desk }) {
  useTopics(desk.connection, desk.parts.changed);
  const { tab } = desk.parts;
  const hasNodes = useStatus(desk, isCluster);
  const isOld = useStatus(desk, oldWords) !== undefined || desk.socket.connection.state !== "open";
  const hasTape = useHasTape(desk);
  const isThere = (name: Tab) => (hasNodes || name !== "nodes") && (hasTape || name !== "tape");
  const tabs = (Object.keys(TABS) as Tab[]).filter(isThere);
  return (
    <div class={isOld ? "page stale" : "page"} data-tab={tab}>
      <Header desk={desk} />
      <ConnectionBanner desk={desk} />
      <MarketSummary desk={desk} />
      <main class={hasNodes ? "clustered" : ""}>
        <CandleChart desk={desk} />
        <Ladder desk={desk} />
        <OrderForm desk={desk} />
        <DepthChart desk={desk} />
        <TradeList desk={desk} />
        <QueuePanel desk={desk} />
        <LowerPanel desk={desk} />
        {hasNodes && <ClusterPanel desk={desk} />}
      </main>
      <nav class="tab-bar" aria-label="Parts of the page">
        {tabs.map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={name === tab}
            onClick={() => desk.parts.chooseTab(name)}
          >
            {TABS[name]}
          </button>
        ))}
      </nav>
      <StatusBar desk={desk} />
      <NoticeList desk={desk} />
      <AccountDialog desk={desk} />
      <HelpDialog />
    </div>
  );
}

/** Says that what is shown is old, why, and what happens next. */
function ConnectionBanner({ desk }: { readonly desk: Desk }) {
  useTopics(desk.connection);
  const { state, reason } = desk.socket.connection;
  const old = useStatus(desk, oldWords);
  const isEmpty = desk.market === undefined;
  const isLost = state === "waiting" || (state === "connecting" && !isEmpty);
  const refusal = desk.refusal ?? (state === "refused" ? reason : undefined);
  if (refusal !== undefined && !isLost) {
    return (
      <p class="banner" role="alert">
        <span>Refused by the exchange ({refusal})</span>
        <button type="button" class="quiet" onClick={() => showDialog(FIELD_IDS.account)}>
          Another account
        </button>
      </p>
    );
  }
  if (!isLost && old !== undefined) {
    return (
      <p class="banner" role="alert">
        <span>{old}</span>
      </p>
    );
  }
  if (!isLost) return null;
  const lost = `Connection lost${reason === undefined ? "" : `: ${reason}`}. What you see is old`;
  // A browser does not say whether nobody answered, or a node that has nothing yet refused.
  const never = "Nothing to show yet: the node can't be reached, or has no market so far";
  return (
    <p class="banner" role="alert">
      <span>{isEmpty ? never : lost}; connecting again by itself.</span>
      <button type="button" class="quiet" onClick={() => desk.socket.retryNow()}>
        Try now
      </button>
    </p>
  );
}

function NoticeList({ desk }: { readonly desk: Desk }) {
  useTopics(desk.notices);
  return (
    <div class="notices" role="log" aria-label="What happened">
      {desk.notices.shown.map(({ about, kind, text }) => (
        <p key={about} class={`notice ${kind}`}>
          <span>{text}</span>
          <button type="button" class="icon" aria-label="Dismiss" onClick={() => desk.notices.dismiss(about)}>
            <CloseIcon />
          </button>
        </p>
      ))}
    </div>
  );
}

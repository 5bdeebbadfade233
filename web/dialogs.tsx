// The account chooser and the help, as dialogs of the browser: focus stays inside, Escape closes.

import { useState } from "preact/hooks";
import type { Desk } from "./desk.ts";
import { CloseIcon } from "./icons.tsx";
import { FIELD_IDS, SHORTCUTS } from "./shortcuts.ts";
import { useTopics } from "./topic.ts";

function closeDialog(event: Event): void {
  (event.currentTarget as Element).closest("dialog")?.close();
}

function Title({ text }: { readonly text: string }) {
  return (
    <header>
      <h2>{text}</h2>
      <button type="button" class="icon" aria-label="Close" onClick={closeDialog}>
        <CloseIcon />
      </button>
    </header>
  );
}

export function AccountDialog({ desk }: { readonly desk: Desk }) {
  useTopics(desk.connection);
  const [typed, setTyped] = useState("");
  const [token, setToken] = useState("");
  const { account } = desk.socket;
  const choose = (name: string, secret: string | undefined, event: Event) => {
    desk.chooseAccount(name || undefined, secret || undefined);
    setTyped("");
    setToken("");
    closeDialog(event);
  };
  return (
    <dialog id={FIELD_IDS.account} aria-label="Account" closedby="any">
      <Title text="Account" />
      <p>
        Trade as an account of this exchange: a name it was given, or a number. A token says that it is yours,
        where the exchange asks for one; this tab forgets it when it is closed.
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (typed !== "" || token !== "") choose(typed, token, event);
        }}
      >
        <label class="field">
          <span>Name or number</span>
          <input
            autofocus
            placeholder="for example 1"
            autocomplete="off"
            spellcheck={false}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value.trim())}
          />
        </label>
        <label class="field">
          <span>Token</span>
          <input
            type="password"
            placeholder="if you have one"
            autocomplete="off"
            value={token}
            onInput={(event) => setToken(event.currentTarget.value.trim())}
          />
        </label>
        <button type="submit" class="send plain" disabled={typed === "" && token === ""}>
          Trade
        </button>
      </form>
      <div class="known">
        {desk.knownAccounts.map((name) => (
          <button
            key={name}
            type="button"
            class="chip"
            aria-pressed={name === account?.name}
            onClick={(event) => choose(name, desk.token, event)}
          >
            {name}
          </button>
        ))}
        {account !== undefined && (
          <button type="button" class="quiet" onClick={(event) => choose("", undefined, event)}>
            Only look on
          </button>
        )}
      </div>
    </dialog>
  );
}

export function HelpDialog() {
  return (
    <dialog id={FIELD_IDS.help} aria-label="Help" closedby="any">
      <Title text="Keyboard" />
      <dl class="keys">
        {SHORTCUTS.map(({ keys, does }) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <p class="small-print">
        Everything shown was computed from commands that are safe in the exchange's log. Candles are drawn by{" "}
        <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
          TradingView Lightweight Charts
        </a>
        .
      </p>
    </dialog>
  );
}

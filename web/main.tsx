// Starts the page.

import { render } from "preact";
import { App } from "./app.tsx";
import { Desk } from "./desk.ts";
import { addShortcuts } from "./shortcuts.ts";
import { toggleTheme } from "./theme.ts";

const desk = new Desk(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
addShortcuts(desk, toggleTheme);
render(<App desk={desk} />, document.getElementById("app")!);

// The page's program: asks for the figures, shows them by the role of the process, and says when they are old.
// Bundled into the page by scripts/admin-page.ts; runs in browsers only.

import { clientView } from "./client-view.ts";
import { byId, setText } from "./dom.ts";
import { follow, type History, type Status } from "./feed.ts";
import { clock, duration } from "./format.ts";
import { announce } from "./overview.ts";
import { serverView } from "./server-view.ts";
import { troublesView } from "./troubles.ts";

let view: ((status: Status, history: History) => void) | undefined;
let troubles: ReturnType<typeof troublesView> | undefined;
let lost = false;

follow({
  shown(status, history) {
    view ??= viewOf(status);
    troubles ??= troublesView();
    view(status, history);
    troubles(status.errors);
    setText(byId("role"), status.role);
    setText(byId("where"), location.host);
    const age = (Date.parse(status.now) - Date.parse(status.started_at)) / 1000;
    setText(byId("about"), `Version ${status.version}, pid ${status.pid}, up ${duration(age)}, ${status.config}`);
    connection(`Live, ${clock(Date.now())}`, false);
    if (lost) announce("Connected again");
    lost = false;
  },
  lost(since, why) {
    const last = since === undefined ? "Never connected" : `Connection lost, figures of ${clock(since)}`;
    connection(`${last}: ${why}; trying again`, true);
    if (!lost) announce(`Connection lost: ${why}`);
    lost = true;
  },
});

function viewOf({ role }: Status): (status: Status, history: History) => void {
  const client = role === "client" ? clientView() : undefined;
  const server = role === "server" ? serverView() : undefined;
  return (status, history) => {
    if (status.role === "client") client?.(status, history);
    else server?.(status, history);
  };
}

function connection(text: string, isLost: boolean): void {
  const node = byId("connection");
  setText(node, text);
  node.classList.toggle("lost", isLost);
  document.body.classList.toggle("stale", isLost);
}

// The last warnings and errors of the log, the last one first.
// The same one again moves to the top instead of filling the list.

import type { RecentError } from "../../status/client-document.ts";
import { byId, element, setText } from "./dom.ts";
import { clock } from "./format.ts";
import { stateLabel } from "./mark.ts";
import { table } from "./table.ts";

export function troublesView(): (errors: readonly RecentError[]) => void {
  const list = table(
    "Last warnings and errors",
    [
      {
        title: "When",
        look: "narrow",
        cell: () => {
          const time = element("span");
          const label = stateLabel();
          return {
            content: element("span", {}, time, element("br"), label.node),
            update({ at, level }: RecentError) {
              setText(time, clock(at));
              if (level === "error") label.show("bad", "error");
              else label.show("warn", "warning");
            },
          };
        },
      },
      {
        title: "What",
        names: true,
        look: "words",
        cell: () => {
          const text = element("span");
          const event = element("span", { class: "quiet foreign" });
          return {
            content: element("span", {}, text, event),
            update(error: RecentError) {
              setText(text, error.text);
              setText(event, error.event);
            },
          };
        },
      },
    ],
    ({ event, text }) => `${event} ${text}`,
  );
  const none = element("p", { class: "empty" }, "None since the start.");
  byId("troubles-body").replaceChildren(none, list.node);
  return (errors) => {
    byId("troubles").hidden = false;
    none.hidden = errors.length > 0;
    list.node.hidden = errors.length === 0;
    list.show(errors);
  };
}

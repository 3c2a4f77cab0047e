// The table of docs/TESTING.md: each planted fault and the test that catches it.

import type { Planted } from "./list.ts";

export function tableOf(planted: readonly Planted[]): string {
  const rows = planted.map(
    ({ fault, file, caughtBy: [test, name] }) => `| ${fault} | \`src/${file}\` | \`test/${test}\`: ${name} |`,
  );
  return `${["| fault | planted in | caught by |", "| --- | --- | --- |", ...rows].join("\n")}\n`;
}

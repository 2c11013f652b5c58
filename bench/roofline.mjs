import { availableParallelism } from "node:os";
import { command } from "../tools/lib/command.mjs";
import { step } from "../tools/lib/steps.mjs";
import { numbersIn } from "./lib/options.mjs";
import { writeRecord } from "./lib/record.mjs";
import { measureRoofline } from "./lib/roofline.mjs";
import { withServer } from "./lib/server.mjs";
import { arithmeticTable, clockLine, readingTable } from "./lib/tables.mjs";

const help = `
Measures the limits of this machine's processor in WebAssembly, in headless Chromium: every kind of
multiply-add that a convolution can use, and reading memory, on one thread and on as many as there are
processors. A step processes one vector: one instruction, or the two that are named. GFLOP/s count two
operations per multiply-add.

  npm run bench:roofline [-- options]

  --runs COUNT   measured runs of each (7)
  --json FILE    also write the results there (besides bench/results)
  --help         show this text
`;

const options = { runs: { type: "string" }, json: { type: "string" } };

await command({ help, options, main });

async function main({ runs: text = "7", json }) {
  const [runs] = numbersIn("runs", text);
  const threads = availableParallelism();
  let measured;
  await step("roofline", async (report) => {
    measured = await withServer((server) => measureRoofline({ server, runs, threads, report }));
  });
  const parts = [clockLine, arithmeticTable, readingTable].map((part) => part(measured));
  console.log(`\n${parts.join("\n\n")}\n`);
  writeRecord("roofline", { runs, ...measured }, json);
}

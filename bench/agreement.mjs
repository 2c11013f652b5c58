import { command } from "../tools/lib/command.mjs";
import { step } from "../tools/lib/steps.mjs";
import { measureAgreement } from "./lib/agreement.mjs";
import { writeRecord } from "./lib/record.mjs";
import { withServer } from "./lib/server.mjs";
import { agreementTable } from "./lib/tables.mjs";

const help = `
Compares int8 arithmetic with f32: the same weights on several hundred views of the sample photos (crops,
mirrored or not, darker and brighter), in headless Chromium. Reports how often both find the same class,
not how often it is the right one. Run \`npm run build\` and \`node tools/weights.mjs\` first.

  npm run bench:agreement [-- options]

  --json FILE    also write the results there (besides bench/results)
  --help         show this text
`;

const options = { json: { type: "string" } };

await command({ help, options, main });

async function main({ json }) {
  let views;
  await step("agreement", async (report) => {
    views = await withServer((server) => measureAgreement({ server, report }));
  });
  console.log(`\n${agreementTable(views)}\n`);
  writeRecord("agreement", { views }, json);
}

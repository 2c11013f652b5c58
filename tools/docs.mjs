import { command } from "./lib/command.mjs";
import { ensureWeights, WeightsDownload } from "./lib/default-weights.mjs";
import { buildSite, SITE, serveSources } from "./lib/docs/site.mjs";
import { Fault } from "./lib/fault.mjs";
import { ensureNodePackages } from "./lib/node-packages.mjs";
import { buildPackage } from "./lib/package.mjs";
import { setUp } from "./lib/set-up.mjs";
import { say, step } from "./lib/steps.mjs";
import { buildModule, forModules, modules } from "./lib/wasm-module.mjs";

const help = `
Builds the documentation of docs/ as a site, with the API, error codes and command line as the code has them, and the page embedded.

  npm run docs [-- options]
  npm run docs:dev [-- options]   serves it to work on it, with what is built of package and page

  --base <path>     where the site will be served, such as /resnet-web/docs/ (/, or DOCS_BASE)
  --dev             serve it from its sources; a saved page is there at once
  --port <number>   with --dev: serve on this port, or the next free one (5180)
  --help            show this text
`;

const options = {
  base: { type: "string", default: process.env.DOCS_BASE ?? "/" },
  dev: { type: "boolean", default: false },
  port: { type: "string", default: "5180" },
};

await command({ help, options, main: docs });

async function docs({ base, dev, port }) {
  if (!/^\/(.*\/)?$/.test(base)) {
    throw new Fault(`"${base}" is no path; it begins and ends with a slash, as in --base /docs/.`);
  }
  if (dev) {
    // It shows what is built, and so needs no Rust.
    await step("npm packages", ensureNodePackages);
    await serveSources(say, { base, port });
    return;
  }
  await setUp();
  const fetching = new WeightsDownload().startIfNeeded();
  await forModules(Object.keys(modules), (name) =>
    step(`wasm module ${name}`, (report) => buildModule(name, report)),
  );
  await step("default weights", (report) => ensureWeights(report, fetching));
  await step("package", buildPackage);
  await step("documentation", (report) => buildSite(report, { base }));
  console.log(`\n  The site is in ${SITE}\n`);
}

import { readFileSync } from "node:fs";
import { openPage, withBrowser } from "./browser.mjs";
import { summaryOf } from "./statistics.mjs";

/** Between two samples of the memory, in milliseconds. */
const PERIOD = 25;

/**
 * What a first visit costs each contender, in an empty profile: milliseconds from navigation to the
 * first logits, bytes requested, and bytes of memory above a page without a model. Interleaved, as the
 * runs in speed.mjs; the server is on this machine, so network time is not included.
 */
export async function coldStartOf(contenders, { server, model, runs, report }) {
  const visits = new Map(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < runs; round++) {
    for (const contender of contenders) {
      report(`visit ${round + 1} of ${runs}, ${contender.name}`);
      const before = server.sent();
      const milliseconds = await visit(server.address, contender, model);
      visits.get(contender.name).push({ milliseconds, bytes: server.sent() - before });
    }
  }
  const rows = [];
  for (const contender of contenders) {
    report(`memory, ${contender.name}`);
    const made = visits.get(contender.name);
    const milliseconds = made.map((visit) => visit.milliseconds);
    // A visit of its own: sampling takes a little time.
    const memory = await memoryOf(server.address, contender, model);
    const { name, threads } = contender;
    const summary = { ...summaryOf(milliseconds), bytes: made[0].bytes, memory };
    rows.push({ name, threads, ...summary, milliseconds });
  }
  return rows;
}

function visit(address, contender, model) {
  return withBrowser(async (browser) => {
    const page = await openPage(browser, addressOf(address, contender, model));
    return page.evaluate(() => firstResult);
  });
}

function memoryOf(address, contender, model) {
  return withBrowser(async (browser) => {
    const session = await browser.newBrowserCDPSession();
    const look = async () => {
      const { processInfo } = await session.send("SystemInfo.getProcessInfo");
      return processInfo.reduce((sum, { id }) => sum + memoryOfProcess(id), 0);
    };
    // Nothing runs in this page until the address has a contender.
    const page = await openPage(browser, `${address}/bench/page/index.html`);
    await page.waitForTimeout(1000);
    const before = await look();
    let peak = before;
    let done = false;
    const watching = (async () => {
      while (!done) {
        peak = Math.max(peak, await look());
        await page.waitForTimeout(PERIOD);
      }
    })();
    await page.goto(addressOf(address, contender, model));
    await page.evaluate(() => firstResult);
    done = true;
    await watching;
    return peak - before;
  });
}

function addressOf(address, contender, model) {
  const what = encodeURIComponent(JSON.stringify({ contender, model }));
  return `${address}/bench/page/cold.html#${what}`;
}

/** Bytes a process has in memory, without the files of its own that it maps. */
function memoryOfProcess(id) {
  try {
    const status = readFileSync(`/proc/${id}/status`, "utf8");
    const parts = [...status.matchAll(/^Rss(?:Anon|Shmem):\s+(\d+)/gm)];
    return parts.reduce((sum, [, kilobytes]) => sum + 1024 * Number(kilobytes), 0);
  } catch {
    // It ended meanwhile.
    return 0;
  }
}

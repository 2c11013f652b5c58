import type { StaticHost } from "../e2e/support/host";
import { NEXT, publish, titled } from "../e2e/support/versions";
import type { ClassifierTab } from "./support/classifier";
import { expect, test } from "./support/test";

interface Visit {
  host: StaticHost;
  page: ClassifierTab;
  newTab: () => Promise<ClassifierTab>;
}

/** The first visit of all, after which everything is kept. */
async function firstVisit({ page }: Visit): Promise<void> {
  await page.open();
  await page.sees("A cat");
  await page.kept();
}

/** The service worker of the version that had its activation wait for every client, threads too. */
function hang(script: string): string {
  return `self.addEventListener("activate", (event) => event.waitUntil(clients.claim()));${script}`;
}

/** The page's script fails before anything is seen. */
function broken(html: string): string {
  return html.replace(/src="[^"]*\/index-[^"]*\.js"/, 'src="./missing.js"');
}

/** What a person does in a browser, one visit after the other. */
const CASES: { what: string; does: (visit: Visit) => Promise<void> }[] = [
  {
    what: "on the first visit the page works, isolated by its host, and is kept",
    does: async (visit) => {
      await firstVisit(visit);
      expect(await visit.page.isIsolated()).toBe(true);
    },
  },
  {
    what: "on the second visit, and on the third in another tab, it works as well",
    does: async (visit) => {
      await firstVisit(visit);
      await visit.page.open();
      await visit.page.sees("A cat");
      const other = await visit.newTab();
      await other.open();
      await other.sees("A cat");
      await visit.page.kept();
    },
  },
  {
    what: "without the server everything works, and the page stays isolated",
    does: async (visit) => {
      await firstVisit(visit);
      visit.host.close();
      await visit.page.tab.reload();
      await visit.page.sees("A cat");
      await visit.page.kept();
      expect(await visit.page.isIsolated()).toBe(true);
    },
  },
  {
    what: "a new version is offered, and is there after «Update now»",
    does: async (visit) => {
      const { host, page } = visit;
      await firstVisit(visit);
      publish(host);
      await page.open();
      await page.says("A new version is ready");
      expect(await page.title()).not.toBe(NEXT);
      await page.tab.clickButton("Update now");
      await expect(async () => expect(await page.title()).toBe(NEXT)).toPass();
      await page.sees("A cat");
      await page.kept();
      host.close();
      await page.tab.reload();
      await page.sees("A cat");
      expect(await page.title()).toBe(NEXT);
    },
  },
  {
    what: "on a host that cannot isolate the page the service worker does, where its owner wants it",
    does: async ({ host, page }) => {
      host.isolates = false;
      publish(host, (html) => html.replace('content="button"', 'content="service-worker"'));
      await page.open();
      await page.says("Turn isolation off");
      expect(await page.isIsolated()).toBe(true);
      await page.sees("A cat");
      await page.kept();
      await page.open();
      await page.sees("A cat");
      expect(await page.isIsolated()).toBe(true);
      await page.tab.clickButton("Turn isolation off");
      await expect(async () => expect(await page.isIsolated()).toBe(false)).toPass();
      await page.sees("A cat");
    },
  },
  {
    what: "a version whose script fails at the start gives way to the next one",
    does: async ({ host, page }) => {
      // The broken page is kept by a service worker that was registered by hand, as one that had worked would be.
      publish(host, broken);
      await page.open("?device=cpu&offline=off");
      await page.tab.evaluate(async () => {
        const registration = await navigator.serviceWorker.register("./service-worker.js");
        const { active } = await navigator.serviceWorker.ready;
        const { port1, port2 } = new MessageChannel();
        const kept = new Promise((resolve) => {
          port1.onmessage = resolve;
        });
        active?.postMessage("keep", [port2]);
        await kept;
        return registration.scope;
      });
      publish(host);
      await expect(async () => {
        await page.open();
        expect(await page.title()).toBe(NEXT);
      }).toPass();
      await page.sees("A cat");
    },
  },
  {
    what: "an earlier version's service worker that hangs, or keeps nothing, goes by itself",
    does: async ({ host, page, newTab }) => {
      host.change("service-worker.js", hang);
      host.change("index.html", (html) => titled(html, "not the one that is listed"));
      await page.open();
      await page.ready();
      await expect(async () => {
        const state = await page.tab.evaluate(async () => {
          const [registration] = await navigator.serviceWorker.getRegistrations();
          return registration?.active?.state;
        });
        expect(state).toMatch(/activat/);
      }).toPass();
      publish(host);
      const other = await newTab();
      // It hangs no longer than there are threads of its page's.
      await page.tab.close();
      await other.open();
      await other.sees("A cat");
      await other.kept();
      host.close();
      await other.open();
      await other.sees("A cat");
      expect(await other.title()).toBe(NEXT);
    },
  },
];

for (const { what, does } of CASES) {
  test(what, async ({ host, classifier, newTab }) => does({ host, page: classifier, newTab }));
}

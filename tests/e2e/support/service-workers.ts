import type { Page } from "@playwright/test";

/** Registers a service worker of the page's folder as another page of the site would, and waits until it is at work. */
export function register(page: Page, script: string): Promise<void> {
  return page.evaluate(async (script) => {
    await navigator.serviceWorker.register(`./${script}`, { updateViaCache: "none" });
    await navigator.serviceWorker.ready;
  }, script);
}

/** The files of all service workers that are registered. */
export function registered(page: Page): Promise<(string | undefined)[]> {
  return page.evaluate(async () => {
    const found = await navigator.serviceWorker.getRegistrations();
    return found.map(({ active, waiting, installing }) =>
      (active ?? waiting ?? installing)?.scriptURL.split("/").pop(),
    );
  });
}

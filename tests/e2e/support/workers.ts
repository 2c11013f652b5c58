import type { Page } from "@playwright/test";

/** Runs `code` in so many workers before their own. */
export async function spoilWorkers(page: Page, code: string, count = Number.POSITIVE_INFINITY) {
  let left = count;
  await page.context().route("**/worker-*.js", async (route) => {
    const response = await route.fetch();
    left -= 1;
    return route.fulfill({ response, body: `${left < 0 ? "" : code}\n${await response.text()}` });
  });
}

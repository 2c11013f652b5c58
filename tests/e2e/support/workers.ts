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

/**
 * Faults that a test brings about in a worker: the shipped code has no switch for them. `self.crash = true` makes the next
 * classification trap; `self.device` is the GPU's device, and `self.losesDevice = true` makes the next submission lose it.
 */
export const FAULTS = `
  Object.assign(self, { crash: false, losesDevice: false, device: null });
  const { instantiateStreaming } = WebAssembly;
  WebAssembly.instantiateStreaming = async (...source) => {
    const { instance, module } = await instantiateStreaming(...source);
    const { model_begin } = instance.exports;
    const exports = {
      ...instance.exports,
      model_begin: (...values) => {
        if (self.crash) {
          self.crash = false;
          throw new WebAssembly.RuntimeError("unreachable, for a test");
        }
        return model_begin(...values);
      },
    };
    return { instance: { exports }, module };
  };
  if (self.GPUAdapter) {
    const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = async function (...options) {
      self.device = await requestDevice.apply(this, options);
      return self.device;
    };
    const { submit } = GPUQueue.prototype;
    GPUQueue.prototype.submit = function (...commands) {
      submit.apply(this, commands);
      if (self.losesDevice) self.device.destroy();
      self.losesDevice = false;
    };
  }`;

/** Makes every worker ready for {@link inWorker} to bring about a fault. */
export const prepareFaults = (page: Page) => spoilWorkers(page, FAULTS);

/** Runs code in the newest worker that computes. */
export async function inWorker<T>(page: Page, code: string): Promise<T> {
  const workers = page.workers().filter((worker) => worker.url().includes("/worker-"));
  return workers.at(-1)?.evaluate(code) as Promise<T>;
}

/** The next classification crashes the code. */
export const crashNext = (page: Page) => inWorker(page, "self.crash = true");

/** The GPU's device is lost now, or in the middle of the next run. */
export const loseDevice = (page: Page) => inWorker(page, "self.device.destroy()");
export const loseDeviceNext = (page: Page) => inWorker(page, "self.losesDevice = true");

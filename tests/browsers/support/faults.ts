import { readdirSync } from "node:fs";
import type { StaticHost } from "../../e2e/support/host";
import { FAULTS } from "../../e2e/support/workers";
import type { Tab } from "./tab";

/** Where the page of a test speaks to its workers: no driver reaches into a worker in every engine. */
const CHANNEL = "faults";

/** What a worker that computes may be told. */
const LISTENER = `
  new BroadcastChannel("${CHANNEL}").onmessage = ({ data }) => {
    if (data === "lose the device") self.device.destroy();
    else Object.assign(self, data);
  };`;

/** What a host serves from now on lets {@link crashNext} and the like bring about a fault. */
export function prepareFaults(host: StaticHost): void {
  host.change(engineWorker(), (script) => `${FAULTS}${LISTENER}\n${script}`);
}

/** The file of the worker that computes, in the page's folder. */
export function engineWorker(): string {
  const name = readdirSync("dist/assets").find((name) => /^worker-.*\.js$/.test(name));
  if (!name) throw new Error("dist/assets has no script of the worker");
  return `assets/${name}`;
}

/** The next classification crashes the code. */
export const crashNext = (tab: Tab) => tell(tab, { crash: true });

/** The GPU's device is lost now, or in the middle of the next run. */
export const loseDevice = (tab: Tab) => tell(tab, "lose the device");
export const loseDeviceNext = (tab: Tab) => tell(tab, { losesDevice: true });

function tell(tab: Tab, what: "lose the device" | Record<string, boolean>): Promise<void> {
  return tab.evaluate(
    (name, what) => {
      const channel = new BroadcastChannel(name);
      channel.postMessage(what);
      channel.close();
    },
    CHANNEL,
    what,
  );
}

import * as Comlink from "comlink";
import { toResNetError } from "../lib/errors";
import { crashes, isTrap } from "./crashes";
import { post } from "./notices";
import { Session } from "./session";

// What traps in an asynchronous export comes out nowhere else. The page hears of it by a notice, which names the model.
self.addEventListener("error", (event) => {
  event.preventDefault();
  console.error(event.error ?? event.message);
  crashes.tell(event.message);
});
self.addEventListener("unhandledrejection", ({ reason }) => {
  if (isTrap(reason)) crashes.tell(toResNetError(reason).message);
});

Comlink.expose(new Session());
post({ started: true });

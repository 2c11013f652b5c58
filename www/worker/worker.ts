import * as Comlink from "comlink";
import { toResNetError } from "../protocol/errors";
import { Session } from "./engine/session";
import { post } from "./post";
import { crashes, isTrap } from "./wasm/crashes";

// A trap in an asynchronous export comes out here only. The notice replaces the page's error event: it has the model.
self.addEventListener("error", (event) => {
  event.preventDefault();
  console.error(event.error ?? event.message);
  crashes.report(event.message);
});
self.addEventListener("unhandledrejection", ({ reason }) => {
  if (isTrap(reason)) crashes.report(toResNetError(reason).message);
});

Comlink.expose(new Session());
post({ started: true });

import { render } from "preact";
import { App } from "./App";
import { language } from "./language";
import { surviveTranslation } from "./translated";
import "./base.css";

document.documentElement.lang = language;
const root = document.getElementById("app");
if (root) {
  surviveTranslation(root);
  render(<App />, root);
}
// It has started, whatever index.html said meanwhile.
document.getElementById("not-started")?.remove();

import { render } from "preact";
import { App } from "./App";
import { language } from "./language";
import { readSettings } from "./settings";
import { StoreProvider } from "./store/context";
import { createStore } from "./store/store";
import { surviveTranslation } from "./translated";
import "./base.css";

document.documentElement.lang = language;
const root = document.getElementById("app");
if (root) {
  surviveTranslation(root);
  const store = createStore(readSettings(location.search));
  render(
    <StoreProvider value={store}>
      <App />
    </StoreProvider>,
    root,
  );
  store.offline.begin();
}
// It has started, whatever index.html said meanwhile.
document.getElementById("not-started")?.remove();

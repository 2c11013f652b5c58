import { render } from "preact";
import { App } from "./App";
import "./base.css";

const root = document.getElementById("app");
if (root) render(<App />, root);

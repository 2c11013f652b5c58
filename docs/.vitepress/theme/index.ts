import type { Theme } from "vitepress";
import DefaultTheme from "vitepress/theme-without-fonts";
import LivePage from "./LivePage.vue";
import "./style.css";

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component("LivePage", LivePage);
  },
} satisfies Theme;

import { readFileSync } from "node:fs";
import { defineConfig } from "vitepress";
import llmsText from "vitepress-plugin-llms";
import { repositoryLinks } from "./repository-links.mts";

const { description, repository } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
) as { description: string; repository: { url: string } };

/** Where the site is served, such as `/resnet-web/docs/`. It begins and ends with a slash. */
const base = process.env.DOCS_BASE ?? "/";

export default defineConfig({
  title: "resnet-web",
  description,
  lang: "en",
  base,
  // Addresses end in .html, which every static server understands.
  cleanUrls: false,
  srcExclude: ["reference/generated/**", "public/**"],
  head: [["link", { rel: "icon", href: `${base}icon.svg`, type: "image/svg+xml" }]],
  markdown: {
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    languageAlias: { apache: "ini" },
    config: (markdown) => {
      markdown.use(repositoryLinks, repository.url);
    },
  },
  vite: {
    plugins: [
      llmsText({
        ignoreFiles: ["project/changelog.md", "project/benchmarks.md"],
        sidebar: sidebar(),
      }),
    ],
    build: { chunkSizeWarningLimit: 4096 },
  },
  themeConfig: {
    logo: "/icon.svg",
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      { text: "Tutorial", link: "/tutorials/first-page" },
      { text: "How-to", link: "/how-to/own-weights" },
      { text: "Reference", link: "/reference/" },
      { text: "Explanation", link: "/explanation/how-it-is-fast" },
      { text: "Try it", link: "/live-page" },
    ],
    sidebar: sidebar(),
    footer: { message: "MIT OR Apache-2.0" },
  },
});

function sidebar() {
  const groups = {
    Tutorials: {
      "/tutorials/first-page": "Your first page",
      "/tutorials/what-a-network-sees": "What a network sees",
      "/live-page": "Try it here",
    },
    "How to": {
      "/how-to/install": "Install the package",
      "/how-to/own-weights": "Use weights of your own",
      "/how-to/bundlers": "Use a bundler, or none",
      "/how-to/element": "Use the custom element",
      "/how-to/own-site": "Publish a page of your own",
      "/how-to/hosting": "Host it: files and headers",
      "/how-to/sub-path": "Serve it below a path",
      "/how-to/caching": "Cache weights and code",
      "/how-to/content-security-policy": "Keep a Content-Security-Policy",
      "/how-to/camera": "Classify a camera",
      "/how-to/many-images": "Classify many images",
      "/how-to/similar-images": "Find images that look alike",
      "/how-to/aborting": "Cancel work",
      "/how-to/several-classifiers": "Use several classifiers",
      "/how-to/workers": "Classify in your own worker or frame",
      "/how-to/extension": "Build a browser extension",
      "/how-to/node": "Use Node, Deno or Bun",
      "/how-to/testing": "Test code that classifies",
    },
    Reference: {
      "/reference/": "Overview",
      "/reference/api/resnet-web": "API",
      "/reference/api/resnet-web/element": "API: the element",
      "/reference/api/resnet-web/node": "API: Node",
      "/reference/api/resnet-web/testing": "API: testing",
      "/reference/errors": "Error codes",
      "/reference/weight-formats": "Weight formats",
      "/reference/command-line": "Command line",
    },
    Explanation: {
      "/explanation/how-it-is-fast": "How it is fast",
      "/explanation/how-it-stays-right": "How it stays right",
      "/explanation/what-it-cannot": "What it cannot do",
      "/isolation": "Threads and isolation",
      "/offline": "Offline use",
      "/design/decisions": "Decisions",
      "/design/cpu": "The CPU",
      "/design/gpu": "The GPU",
      "/design/weights": "Weight files",
      "/design/page": "The page",
      "/design/inspection": "Layers and maps",
      "/project/benchmarks": "Benchmarks",
      "/project/security": "Security",
    },
    Contributing: {
      "/project/contributing": "Set-up, tests, recipes",
      "/project/architecture": "Architecture",
      "/glossary": "Glossary",
      "/cpu-fast-paths": "CPU fast paths",
      "/add-a-gpu-kernel": "Add a GPU kernel",
      "/gpu-estimate": "GPU estimate",
      "/samples": "The samples in these pages",
      "/releasing": "Releasing",
      "/project/changelog": "Changelog",
    },
  };
  return Object.entries(groups).map(([text, pages]) => ({
    text,
    items: Object.entries(pages).map(([link, title]) => ({ text: title, link })),
  }));
}

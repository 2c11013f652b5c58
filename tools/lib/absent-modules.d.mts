import type { Plugin } from "vite";

/** A Vite plugin for modules that are still being built, by their names: the page does without them. */
export function modulesToCome(names: string[]): Plugin;

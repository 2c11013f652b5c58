import { language } from "../language";
import { de } from "./de";
import { en } from "./en";
import type { Strings } from "./strings";

const ALL: Record<typeof language, Strings> = { en, de };

/** Everything the page says, in its language. */
export const strings: Strings = ALL[language];

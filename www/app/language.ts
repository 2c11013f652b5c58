/** The languages the page speaks; the first one where a browser wants none of them. */
const LANGUAGES = ["en", "de"] as const;

/** One of them, by its code of ISO 639-1. */
export type Language = (typeof LANGUAGES)[number];

/** The language to speak: `?lang=`, else the first of the browser's that there is. */
export function chooseLanguage(query: string, wanted: readonly string[]): Language {
  const asked = [new URLSearchParams(query).get("lang") ?? "", ...wanted];
  const codes = asked.map((tag) => tag.toLowerCase().split("-")[0]);
  const known = codes.find((code) => LANGUAGES.some((language) => language === code));
  return (known as Language | undefined) ?? LANGUAGES[0];
}

/** The page's language, the same until it is reloaded. */
export const language: Language =
  typeof document === "undefined"
    ? LANGUAGES[0]
    : chooseLanguage(location.search, navigator.languages);

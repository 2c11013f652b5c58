import { strings } from "./strings";

/** The page's name: its owner's, where index.html has one (`npx resnet-web site --title`). */
export const title =
  document.querySelector<HTMLMetaElement>('meta[name="resnet-web:title"]')?.content ||
  strings.title;

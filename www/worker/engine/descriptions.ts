import type { Description } from "../../protocol/types";

/**
 * What descriptions of a model say together: of two that decide the same the first counts, as in `Description::or` of Rust.
 */
export function together(descriptions: readonly Description[]): Description {
  let all: Description = { labels: [], unsupported: [] };
  for (const { labels, preprocessing, otherNetwork = [], unsupported, ...others } of descriptions) {
    const settings = [...(all.otherNetwork ?? []), ...otherNetwork];
    all = {
      ...others,
      ...all,
      labels: all.labels.length > 0 ? all.labels : labels,
      ...(preprocessing && { preprocessing: { ...preprocessing, ...all.preprocessing } }),
      ...(settings.length > 0 && { otherNetwork: settings }),
      unsupported: [...all.unsupported, ...unsupported],
    };
  }
  return all;
}

import { useCallback, useMemo, useState } from "preact/hooks";
import type { LoadedModel, Prediction } from "../../lib";
import { ActivationFeed } from "../live/feed";

/** Whose evidence is shown over the video: the most probable class's, a certain one's, or nobody's. */
export type Where = "first" | Prediction | null;

/** Whose evidence is asked for with the camera on, and the way of it to the video. Another model has other classes. */
export function useWhere(model: LoadedModel | null) {
  const [asked, setAsked] = useState<{ where: Where; model: LoadedModel | null }>({
    where: null,
    model,
  });
  const feed = useMemo(() => new ActivationFeed(), []);
  const where = asked.model === model ? asked.where : null;
  const onWhere = useCallback((where: Where) => setAsked({ where, model }), [model]);
  return { where, onWhere, feed };
}

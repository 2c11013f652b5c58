import { LiveHeat } from "../live/LiveHeat";
import { useStore } from "../store/context";
import { Heat } from "./Heat";

/** The class activation map that is asked for, over the photo or the camera's video. */
export function Evidence() {
  const { camera, evidence, model } = useStore();
  const preprocessing = model.model.value?.info.preprocessing;
  if (!preprocessing) return null;
  if (camera.on.value) {
    if (camera.where.value === null) return null;
    const hide = () => camera.showWhere(null);
    return <LiveHeat feed={camera.feed} preprocessing={preprocessing} onClose={hide} />;
  }
  const activation = evidence.activation.value;
  if (!activation) return null;
  const hide = () => evidence.ask(null);
  return <Heat {...activation} preprocessing={preprocessing} onClose={hide} />;
}

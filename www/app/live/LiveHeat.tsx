import { useEffect, useState } from "preact/hooks";
import type { Preprocessing } from "resnet-web";
import { Heat } from "../activation/Heat";
import type { Activation } from "../store/evidence";
import type { ActivationFeed } from "./feed";

interface LiveHeatProps {
  feed: ActivationFeed;
  preprocessing: Preprocessing;
  onClose: () => void;
}

/** The newest frame's class activation map over the running video. */
export function LiveHeat({ feed, ...rest }: LiveHeatProps) {
  const [activation, setActivation] = useState<Activation | null>(null);
  useEffect(() => feed.listen(setActivation), [feed]);
  return activation && <Heat {...activation} {...rest} />;
}

import { useEffect, useRef, useState } from "preact/hooks";
import type { FeatureMap } from "resnet-web";
import { useStore } from "../store/context";
import { strings } from "../strings";
import { viridis } from "./colours";

const text = strings.inspect;
/** Maps that are fetched and drawn at a time. */
const PORTION = 24;

interface FeatureMapGridProps {
  layer: string;
  /** The layer's place among those seen. */
  place: number;
  channels: number;
}

/** A layer's feature maps, that with the largest activation first; one of them can be seen large. */
export function FeatureMapGrid({ layer, place, channels }: FeatureMapGridProps) {
  const { classifier } = useStore().model;
  const [maps, setMaps] = useState<FeatureMap[]>([]);
  const [wanted, setWanted] = useState(PORTION);
  const [large, setLarge] = useState<FeatureMap | null>(null);

  useEffect(() => {
    let current = true;
    const fetched = maps.length;
    const missing = Math.min(wanted, channels) - fetched;
    if (missing <= 0) return;
    classifier.featureMaps(place, fetched, missing).then(
      (more) => current && setMaps((before) => [...before.slice(0, fetched), ...more]),
      // What was seen is gone with its model, and this view with it.
      () => {},
    );
    return () => {
      current = false;
    };
  }, [classifier, place, channels, wanted, maps]);

  return (
    <div class="maps">
      <h4>{text.maps(maps.length, channels)}</h4>
      <ul class="map-grid">
        {maps.map((map) => (
          <li key={map.index}>
            <button
              type="button"
              class="map"
              aria-label={text.enlarge(map.index)}
              onClick={() => setLarge(map)}
            >
              <MapImage map={map} />
              <span class="fine">{map.index}</span>
            </button>
          </li>
        ))}
      </ul>
      {wanted < channels && (
        <button type="button" onClick={() => setWanted(wanted + PORTION)}>
          {text.more(Math.min(PORTION, channels - wanted))}
        </button>
      )}
      {large && <LargeMap layer={layer} map={large} onClose={() => setLarge(null)} />}
    </div>
  );
}

function LargeMap({
  layer,
  map,
  onClose,
}: {
  layer: string;
  map: FeatureMap;
  onClose: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="large-map" onClose={onClose} aria-labelledby="large-map-heading">
      <h4 id="large-map-heading">{text.map(layer, map.index)}</h4>
      <MapImage map={map} />
      <p class="fine">
        {text.range(map.min, map.max, map.mean)} {text.size(map.width, map.height)}
      </p>
      <button type="button" onClick={() => dialog.current?.close()}>
        {text.close}
      </button>
    </dialog>
  );
}

function MapImage({ map }: { map: FeatureMap }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const image = context.createImageData(map.width, map.height);
    map.pixels.forEach((pixel, i) => {
      image.data.set([...viridis(pixel / 255), 255], 4 * i);
    });
    context.putImageData(image, 0, 0);
  }, [map]);
  return <canvas ref={canvas} width={map.width} height={map.height} />;
}

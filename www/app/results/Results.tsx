import type { ImageClassification } from "resnet-web";
import { grouped, readableLabel } from "../format";
import { useStore } from "../store/context";
import { strings } from "../strings";
import { Bars } from "./Bars";
import { FeatureStrip } from "./FeatureStrip";
import { TakeAway } from "./TakeAway";
import { ViewControls } from "./ViewControls";
import { shown } from "./view";
import "./results.css";

const text = strings.results;

/** The most probable classes as bars, and how long the run took. */
export function Results() {
  const { photo, model, evidence, view } = useStore();
  const { stage } = photo.state.value;
  const result = photo.result.value;
  const features = photo.features.value;
  const first = result?.top[0];
  const predictions = shown(result?.top ?? [], view.view.value);
  return (
    <section
      class="card results"
      id="result"
      aria-labelledby="result-heading"
      aria-busy={stage === "running"}
    >
      <h2 id="result-heading">{text.heading}</h2>
      <p class="visually-hidden" role="status">
        {first && text.announce(readableLabel(first.label), text.probability(first.probability))}
        {result?.cutShort && ` ${text.cutShort}`}
        {features && text.features.announce(grouped(features.values.length))}
      </p>
      {result ? (
        <>
          {result.cutShort && <p class="fine cut-short">{text.cutShort}</p>}
          <Bars predictions={predictions} asked={evidence.asked.value} onWhere={evidence.ask} />
          <ViewControls view={view.view.value} onView={view.change} predictions={result.top} />
          {photo.photo.value && (
            <TakeAway
              photo={photo.photo.value}
              predictions={predictions}
              model={model.model.value?.info.architecture ?? ""}
              link={view.link.value}
            />
          )}
          <Timing {...result} />
        </>
      ) : features ? (
        <FeatureStrip values={features.values} name={photo.photo.value?.name ?? ""} />
      ) : (
        <p class="placeholder">
          {stage === "running" ? text.running : stage === "waiting" ? text.waiting : text.empty}
        </p>
      )}
    </section>
  );
}

function Timing(result: ImageClassification) {
  const { decodeMilliseconds, preprocessMilliseconds, networkMilliseconds } = result;
  const total = decodeMilliseconds + preprocessMilliseconds + networkMilliseconds;
  const [all, decode, preprocess, network] = [
    total,
    decodeMilliseconds,
    preprocessMilliseconds,
    networkMilliseconds,
  ].map(text.milliseconds) as [string, string, string, string];
  return (
    <p class="fine timing">
      {text.time(all, decode, preprocess, network)}
      <br />
      {text.size(result.width, result.height)}
    </p>
  );
}

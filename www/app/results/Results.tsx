import type { ImageClassification, Prediction } from "../../lib";
import { readableLabel } from "../format";
import type { ClassificationState } from "../store/photo";
import { strings } from "../strings";
import { Bars } from "./Bars";
import { TakeAway } from "./TakeAway";
import { ViewControls } from "./ViewControls";
import { shown, type View } from "./view";
import "./results.css";

const text = strings.results;

interface ResultsProps extends Pick<ClassificationState, "stage" | "result" | "photo"> {
  view: View;
  onView: (view: View) => void;
  /** The model's name. */
  model: string;
  /** An address that restores model and settings; null where there is none. */
  link: string | null;
  /** The class whose evidence is asked for. */
  asked: Prediction | null;
  onWhere: (prediction: Prediction) => void;
}

/** The most probable classes as bars, and how long it took to tell. */
export function Results(props: ResultsProps) {
  const { stage, result, photo, view, onView, model, link, asked, onWhere } = props;
  const first = result?.top[0];
  const predictions = shown(result?.top ?? [], view);
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
      </p>
      {result ? (
        <>
          {result.cutShort && <p class="fine cut-short">{text.cutShort}</p>}
          <Bars predictions={predictions} asked={asked} onWhere={onWhere} />
          <ViewControls view={view} onView={onView} predictions={result.top} />
          {photo && <TakeAway photo={photo} predictions={predictions} model={model} link={link} />}
          <Timing {...result} />
        </>
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

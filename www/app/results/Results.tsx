import type { ImageClassification, Prediction } from "../../lib";
import { readableLabel } from "../format";
import { strings } from "../strings";
import { Bars } from "./Bars";
import type { ClassificationState } from "./useClassification";
import "./results.css";

const text = strings.results;

interface ResultsProps extends Pick<ClassificationState, "stage" | "result"> {
  /** The class whose evidence is asked for. */
  asked: Prediction | null;
  onWhere: (prediction: Prediction) => void;
}

/** The most probable classes as bars, and how long it took to tell. */
export function Results({ stage, result, asked, onWhere }: ResultsProps) {
  const first = result?.top[0];
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
      </p>
      {result ? (
        <>
          <Bars predictions={result.top} asked={asked} onWhere={onWhere} />
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

import type { Prediction } from "../../lib";
import { readableLabel } from "../format";
import { strings } from "../strings";

const text = strings.results;

/** Classes and their probabilities, as bars. */
export function Bars({ predictions }: { predictions: readonly Prediction[] }) {
  return (
    <ol class="bars">
      {predictions.map((prediction) => (
        <Bar key={prediction.index} {...prediction} />
      ))}
    </ol>
  );
}

function Bar({ label, probability }: Prediction) {
  return (
    <li class="bar">
      <span class="bar-label">{readableLabel(label)}</span>
      <span class="bar-value">{text.probability(probability)}</span>
      <span class="bar-track" aria-hidden="true">
        <span class="bar-fill" style={{ transform: `scaleX(${probability})` }} />
      </span>
    </li>
  );
}

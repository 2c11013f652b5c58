import type { ComponentChildren } from "preact";
import type { Prediction } from "resnet-web";
import { readableLabel } from "../format";
import { strings } from "../strings";

const text = strings.results;

interface BarsProps {
  predictions: readonly Prediction[];
  /** The class whose evidence is asked for. */
  asked?: Prediction | null;
  /** Asks where in the image the evidence for a class is. */
  onWhere?: (prediction: Prediction) => void;
}

/** Classes and their probabilities, as bars. */
export function Bars({ predictions, asked, onWhere }: BarsProps) {
  return (
    <ol class="bars">
      {predictions.map((prediction) => (
        <Bar key={prediction.index} {...prediction}>
          {onWhere && (
            <button
              type="button"
              class="where"
              aria-pressed={asked?.index === prediction.index}
              aria-label={strings.activation.whereFor(readableLabel(prediction.label))}
              onClick={() => onWhere(prediction)}
            >
              {strings.activation.where}
            </button>
          )}
        </Bar>
      ))}
    </ol>
  );
}

function Bar({ label, probability, children }: Prediction & { children: ComponentChildren }) {
  return (
    <li class="bar">
      <bdi class="bar-label" lang="en">
        {readableLabel(label)}
      </bdi>
      <span class="bar-value" translate={false}>
        {text.probability(probability)}
      </span>
      <span class="bar-track" aria-hidden="true">
        <span class="bar-fill" style={{ transform: `scaleX(${probability})` }} />
      </span>
      {children}
    </li>
  );
}

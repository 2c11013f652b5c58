import { useState } from "preact/hooks";
import type { Prediction } from "resnet-web";
import { readableLabel } from "../format";
import { strings } from "../strings";
import { MOST, readThreshold, readTop, search, type View } from "./view";

const text = strings.view;
/** Classes that a search lists. */
const FOUND = 8;

interface ViewControlsProps {
  view: View;
  onView: (view: View) => void;
  /** All classes, the most probable first. */
  predictions: readonly Prediction[];
}

/** How many classes are shown, how probable they have to be, and a search among all. */
export function ViewControls({ view, onView, predictions }: ViewControlsProps) {
  const [query, setQuery] = useState("");
  const found = search(predictions, query, FOUND);
  return (
    <details class="view">
      <summary>{text.summary(predictions.length)}</summary>
      <div class="view-controls">
        <label>
          {text.top}
          <input
            type="number"
            min={1}
            max={MOST}
            value={view.top}
            onInput={({ currentTarget: { value } }) =>
              onView({ ...view, top: readTop(value) ?? view.top })
            }
          />
        </label>
        <label>
          {text.threshold}
          <input
            type="number"
            min={0}
            max={100}
            value={Math.round(100 * view.threshold)}
            onInput={({ currentTarget: { value } }) =>
              onView({ ...view, threshold: readThreshold(value) ?? view.threshold })
            }
          />
        </label>
        <label class="view-search">
          {text.search}
          <input
            type="search"
            value={query}
            placeholder={text.example}
            onInput={({ currentTarget: { value } }) => setQuery(value)}
          />
        </label>
      </div>
      <p class="visually-hidden" role="status">
        {query.trim() && text.found(found.length)}
      </p>
      {query.trim() && found.length === 0 && <p class="fine">{text.nothing(query.trim())}</p>}
      {found.length > 0 && (
        <table class="found">
          <thead>
            <tr>
              <th scope="col">{text.rank}</th>
              <th scope="col">{text.name}</th>
              <th scope="col" class="number">
                {text.probability}
              </th>
            </tr>
          </thead>
          <tbody>
            {found.map(({ index, rank, label, probability }) => (
              <tr key={index}>
                <td>{rank}</td>
                <td>
                  <bdi>{readableLabel(label)}</bdi>
                </td>
                <td class="number">{text.precise(probability)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </details>
  );
}

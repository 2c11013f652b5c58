import { csvLine } from "../csv";
import { grouped } from "../format";
import { save } from "../save";
import { strings } from "../strings";
import { strip } from "./strip";

const text = strings.results.features;

interface FeatureStripProps {
  /** One number for each feature. */
  values: Float32Array;
  /** The photo's. */
  name: string;
}

/** The features that a network without classes ends with: a line for each, and a button that saves them. */
export function FeatureStrip({ values, name }: FeatureStripProps) {
  const { path, zero, most } = strip(values);
  const saveCsv = () => {
    const content = csvLine([name, ...values]);
    save(`${name.replace(/\.[^.]*$/, "")}.csv`, new Blob([content], { type: "text/csv" }));
  };
  return (
    <div class="features">
      <p>{text.intro(grouped(values.length))}</p>
      <svg
        viewBox={`0 0 ${values.length} 1`}
        preserveAspectRatio="none"
        role="img"
        aria-label={text.alt(grouped(values.length), most.toFixed(2))}
      >
        <path d={`M0 ${zero}H${values.length}`} class="features-zero" />
        <path d={path} class="features-lines" />
      </svg>
      <p class="fine">{text.most(most.toFixed(2))}</p>
      <button type="button" onClick={saveCsv}>
        {text.save}
      </button>
    </div>
  );
}

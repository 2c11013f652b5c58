import type { Assumption } from "resnet-web";
import { strings } from "../strings";

const text = strings.model.choices;

interface ChoiceProps<T extends string> {
  /** Of the element: the page's own, unique. */
  id: string;
  label: string;
  value: T;
  options: Partial<Record<T, string>>;
  assumed?: Assumption | false;
  disabled: boolean;
  onChange: (value: T) => void;
}

/** One of several options, and whether it was assumed. */
export function Choice<T extends string>(props: ChoiceProps<T>) {
  const { id, label, value, options, assumed, disabled, onChange } = props;
  return (
    <div class="choice">
      <label class="choice-label" for={id}>
        {label}
      </label>
      <select
        id={id}
        value={value}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget.value as T)}
      >
        {Object.entries<string | undefined>(options).map(([name, words]) => (
          <option key={name} value={name} selected={name === value}>
            {words}
          </option>
        ))}
      </select>
      {assumed && <Assumed what={assumed} />}
    </div>
  );
}

/** Says what was assumed, because neither the file nor the person said. */
export function Assumed({ what }: { what: Assumption }) {
  return <p class="assumed">{text.assumed[what]}</p>;
}

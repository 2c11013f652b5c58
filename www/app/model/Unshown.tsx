import type { ModelInfo } from "resnet-web";
import { strings } from "../strings";
import { Choice } from "./Choice";
import type { ChangedChoices } from "./choices";
import { unshown } from "./variants";

const text = strings.model.choices;

interface UnshownProps {
  info: ModelInfo;
  disabled: boolean;
  onChoose: (changes: ChangedChoices) => void;
}

/** What layers without tensors the network has, where the file leaves that open. */
export function Unshown({ info, disabled, onChoose }: UnshownProps) {
  const { assumed, stem, shortcut, antiAliasing } = info;
  const { stemPools, shortcuts, antiAliasings } = unshown(info);
  return (
    <>
      {stemPools.length > 0 && (
        <Choice
          id="stem-pool"
          label={text.stemPool}
          value={stem.pool}
          options={named(stemPools, text.stemPools)}
          assumed={assumed.includes("stem-pool") && "stem-pool"}
          disabled={disabled}
          onChange={(stemPool) => onChoose({ stemPool })}
        />
      )}
      {shortcuts.length > 0 && (
        <Choice
          id="shortcut"
          label={text.shortcut}
          value={shortcut}
          options={named(shortcuts, text.shortcuts)}
          assumed={assumed.includes("shortcut") && "shortcut"}
          disabled={disabled}
          onChange={(shortcut) => onChoose({ shortcut })}
        />
      )}
      {antiAliasings.length > 0 && (
        <Choice
          id="anti-aliasing"
          label={text.antiAliasing}
          value={antiAliasing ?? "none"}
          options={named(antiAliasings, text.antiAliasings)}
          assumed={assumed.includes("anti-aliasing") && "anti-aliasing"}
          disabled={disabled}
          onChange={(kind) => onChoose({ antiAliasing: kind === "none" ? undefined : kind })}
        />
      )}
    </>
  );
}

function named<T extends string>(options: readonly T[], texts: Record<T, string>) {
  return Object.fromEntries(options.map((option) => [option, texts[option]])) as Record<T, string>;
}

import type { Preprocessing } from "resnet-web";
import { strings } from "../strings";
import { tidy } from "./normalisation";

const text = strings.model.preparation;

interface PreparationProps {
  preprocessing: Preprocessing;
  disabled: boolean;
  onChoose: (preprocessing: Preprocessing) => void;
}

/** The largest side of the network's input, as in the reader of weight files. */
const LARGEST = 2048;
const CHANNELS = [0, 1, 2] as const;

/** How photos become the network's input, to be read and changed. All of it is applied at once, since the model loads anew. */
export function Preparation({ preprocessing, disabled, onChoose }: PreparationProps) {
  const { resizeShortSide, crop, interpolation, fit, channelOrder, range } = preprocessing;
  return (
    <details class="preparation">
      <summary>
        {text.heading}
        <span class="fine">
          {text.summary(crop, text.interpolations[interpolation], text.fits[fit])}
        </span>
      </summary>
      {/* Fields begin with what is in use, also after another model came. */}
      <form
        key={JSON.stringify(preprocessing)}
        onInput={({ currentTarget }) => complain(currentTarget)}
        onSubmit={(event) => {
          event.preventDefault();
          onChoose(chosen(new FormData(event.currentTarget)));
        }}
      >
        <fieldset disabled={disabled}>
          <Side name="resizeShortSide" label={text.resize} value={resizeShortSide} />
          <Side name="crop" label={text.crop} value={crop} />
          <Options name="fit" label={text.fit} value={fit} options={text.fits} />
          <Options
            name="interpolation"
            label={text.interpolation}
            value={interpolation}
            options={text.interpolations}
          />
          <Options
            name="channelOrder"
            label={text.channelOrder}
            value={channelOrder}
            options={text.channelOrders}
          />
          <label>
            {text.range}
            <input name="range" type="number" min="0.001" step="any" value={tidy(range)} required />
          </label>
          <Channels name="mean" legend={text.mean} values={preprocessing.mean} />
          <Channels name="std" legend={text.std} values={preprocessing.std} min="0.000001" />
          <button type="submit">{text.apply}</button>
        </fieldset>
      </form>
    </details>
  );
}

function Side({ name, label, value }: { name: string; label: string; value: number }) {
  return (
    <label>
      {label}
      <input name={name} type="number" min="1" max={LARGEST} step="1" value={value} required />
    </label>
  );
}

interface OptionsProps {
  name: string;
  label: string;
  value: string;
  options: Record<string, string>;
}

function Options({ name, label, value, options }: OptionsProps) {
  return (
    <label>
      {label}
      <select name={name}>
        {Object.entries(options).map(([option, words]) => (
          <option key={option} value={option} selected={option === value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

interface ChannelsProps {
  name: "mean" | "std";
  legend: string;
  values: readonly number[];
  min?: string;
}

function Channels({ name, legend, values, min }: ChannelsProps) {
  return (
    <fieldset class="channels">
      <legend>{legend}</legend>
      {CHANNELS.map((channel) => (
        <input
          key={channel}
          name={name}
          type="number"
          step="any"
          {...(min && { min })}
          value={tidy(values[channel] ?? 0)}
          aria-label={`${legend}, ${text.channel(channel + 1)}`}
          required
        />
      ))}
    </fieldset>
  );
}

/** Marks a crop that does not fit into the resized photo, which the browser then says. */
function complain(form: HTMLFormElement): void {
  const crop = form.elements.namedItem("crop") as HTMLInputElement;
  const { resizeShortSide } = chosen(new FormData(form));
  crop.setCustomValidity(Number(crop.value) > resizeShortSide ? text.cropTooLarge : "");
}

function chosen(form: FormData): Preprocessing {
  const number = (name: string) => Number(form.get(name));
  const channels = (name: string) => form.getAll(name).map(Number) as Preprocessing["mean"];
  const option = <Key extends "fit" | "interpolation" | "channelOrder">(name: Key) =>
    form.get(name) as Preprocessing[Key];
  return {
    resizeShortSide: number("resizeShortSide"),
    crop: number("crop"),
    mean: channels("mean"),
    std: channels("std"),
    interpolation: option("interpolation"),
    fit: option("fit"),
    channelOrder: option("channelOrder"),
    range: number("range"),
  };
}

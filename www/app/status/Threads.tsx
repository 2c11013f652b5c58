import { useEffect, useRef } from "preact/hooks";
import type { ThreadStatus } from "resnet-web";
import { useStore } from "../store/context";
import { strings } from "../strings";
import { readThreads } from "./threads";

const text = strings.threads;

/** On how many threads the CPU computes, to be chosen; or why it is one. */
export function Threads({ status }: { status: ThreadStatus }) {
  const { state, setThreads } = useStore().model;
  const { threads: wanted, switching } = state.value;
  const select = useRef<HTMLSelectElement>(null);
  const chosen = useRef(false);
  useEffect(() => {
    if (switching || !chosen.current) return;
    // A control that is disabled loses the keyboard focus: it comes back here.
    chosen.current = false;
    if (document.activeElement === document.body) select.current?.focus();
  }, [switching]);

  const { most, obstacle } = status;
  if (most === 1) return obstacle ? <p class="fine">{text.obstacles[obstacle]}</p> : null;
  const value = wanted === "auto" ? wanted : Math.min(wanted, most);
  const counts = Array.from({ length: most }, (_, i) => i + 1);
  return (
    <div class="threads">
      <label for="threads">{text.label}</label>
      <select
        ref={select}
        id="threads"
        value={value}
        disabled={switching}
        onChange={(event) => {
          chosen.current = true;
          void setThreads(readThreads(event.currentTarget.value) ?? "auto");
        }}
      >
        <option value="auto" selected={value === "auto"}>
          {text.auto}
        </option>
        {counts.map((count) => (
          <option key={count} value={count} selected={value === count}>
            {count}
          </option>
        ))}
      </select>
    </div>
  );
}

import type { DeviceStatus, LoadedModel } from "../../lib";
import { FileText } from "../FileText";
import { megabytes } from "../format";
import { strings } from "../strings";

const text = strings.status;

interface StatusLineProps {
  device: DeviceStatus | null;
  model: LoadedModel | null;
  /** Whether the page's files are kept for visits without a network; null while that is not known. */
  pageKept: boolean | null;
  /** Whether the model's weights are, too. */
  weightsKept: boolean;
}

/** What is at work, in one line: for whoever reports a fault, and for whoever is curious. */
export function StatusLine({ device, model, pageKept, weightsKept }: StatusLineProps) {
  const onGpu = model?.info.onGpu;
  const facts: [keyof typeof text.names, string][] = [];
  if (device) {
    facts.push(["device", device.kind === "webgpu" ? device.adapter || device.name : device.name]);
    const integers = model?.info.arithmetic === "int8";
    facts.push(["precision", integers ? text.integers : device.number]);
    if (device.threads) facts.push(["threads", String(device.threads.count)]);
  }
  facts.push(["isolation", crossOriginIsolated ? text.isolated : text.notIsolated]);
  if (model) {
    facts.push(["model", model.info.architecture]);
    facts.push(["memory", text.weights(megabytes(4 * model.summary.parameters))]);
  }
  if (onGpu) facts.push(["gpu", text.onGpu(megabytes(onGpu.bytes), onGpu.dispatches)]);
  if (pageKept !== null) {
    const all = weightsKept ? text.worksOffline : text.pageAlone;
    facts.push(["offline", pageKept ? all : text.notKept]);
  }
  return (
    <dl class="status-line" aria-label={text.label}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{text.names[name]}</dt>
          <dd>
            <FileText>{value}</FileText>
          </dd>
        </div>
      ))}
    </dl>
  );
}

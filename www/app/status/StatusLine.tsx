import { FileText } from "../FileText";
import { megabytes } from "../format";
import { offersOffline } from "../offers";
import { useStore } from "../store/context";
import { strings } from "../strings";

const text = strings.status;

/** What is running, in one line: for bug reports and the curious. */
export function StatusLine() {
  const store = useStore();
  const { device, model, cached } = store.model.state.value;
  const pageKept = store.offline.kept.value;
  const weightsKept = model?.kept.cached === true && cached?.files !== 0;
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
  } else if (!offersOffline()) {
    facts.push(["offline", isSecureContext ? text.noServiceWorkers : text.noHttps]);
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

import type { DevicePolicy, DeviceStatus } from "resnet-web";
import { offersWebGpu } from "../offers";
import { readDevice } from "../settings";
import { useStore } from "../store/context";
import { strings } from "../strings";

const text = strings.device;

/** Which device is to be used, where there is a choice. */
export function DeviceChoice({ device }: { device: DeviceStatus }) {
  const { state, setDevice } = useStore().model;
  const { policy, switching } = state.value;
  // The reason says so itself.
  if (device.reason === "no-webgpu" || device.reason === "no-adapter") return null;
  if (!offersWebGpu()) return <p class="fine">{text.noChoice}</p>;
  // A software adapter is offered only if the page's address asks for it.
  const policies: DevicePolicy[] = ["auto", "webgpu", "cpu"];
  if (policy === "fastest") policies.push("fastest");
  return (
    <div class="device-choice">
      <label for="device">{text.policy}</label>
      <select
        id="device"
        value={policy}
        disabled={switching}
        onChange={(event) => setDevice(readDevice(event.currentTarget.value) ?? "auto")}
      >
        {policies.map((policy) => (
          <option key={policy} value={policy}>
            {text.policies[policy]}
          </option>
        ))}
      </select>
      {switching && (
        <p class="fine" role="status">
          {text.switching}
        </p>
      )}
    </div>
  );
}

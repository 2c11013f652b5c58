import { strings } from "../strings";
import { typedAddress } from "./typed-address";

const text = strings.model.address;

interface AddressFormProps {
  disabled: boolean;
  onAddress: (address: string) => void;
}

/** Takes the address of weights, or the name of a model on the Hugging Face Hub. */
export function AddressForm({ disabled, onAddress }: AddressFormProps) {
  return (
    <form
      class="address-form"
      onSubmit={(event) => {
        event.preventDefault();
        const address = new FormData(event.currentTarget).get("address");
        if (typeof address === "string" && address.trim()) onAddress(typedAddress(address));
      }}
    >
      <label for="weights-address">{text.label}</label>
      <input
        id="weights-address"
        name="address"
        type="text"
        inputMode="url"
        autocapitalize="off"
        autocomplete="off"
        spellcheck={false}
        placeholder="hf:timm/resnet18.a1_in1k"
        disabled={disabled}
        required
      />
      <button type="submit" disabled={disabled}>
        {text.load}
      </button>
    </form>
  );
}

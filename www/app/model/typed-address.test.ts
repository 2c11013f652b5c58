import { expect, it } from "vitest";
import { typedAddress } from "./typed-address";

it.each([
  ["timm/resnet18.a1_in1k", "hf:timm/resnet18.a1_in1k"],
  [" microsoft/resnet-50 ", "hf:microsoft/resnet-50"],
  ["hf:microsoft/resnet-50", "hf:microsoft/resnet-50"],
  ["https://example.org/a.pth", "https://example.org/a.pth"],
  ["models/a.pth", "models/a.pth"],
  ["models/export.pkl", "models/export.pkl"],
  ["/models/a", "/models/a"],
  ["models/of/mine", "models/of/mine"],
])("%o means %s", (typed, expected) => {
  expect(typedAddress(typed)).toBe(expected);
});
